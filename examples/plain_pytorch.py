"""A PyTorch loop of your own: start, log, leave the block."""

import torch

from heimdall_dash import Job

x = torch.linspace(-1, 1, 64).unsqueeze(1)
y = 2 * x + 1
model = torch.nn.Linear(1, 1)
config = {"learning_rate": 0.1, "optimizer": "SGD"}
optimizer = torch.optim.SGD(model.parameters(), config["learning_rate"])

with Job.start("plain PyTorch", total_epochs=20, config=config) as job:
    for epoch in range(1, 21):
        loss = torch.nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        job.log(epoch, train_loss=loss, grad={"norm": model.weight.grad.norm()})
        job.log(epoch, val_loss=torch.nn.functional.l1_loss(model(x), y))  # joins the epoch
        if job.desired == "cancelled":
            break

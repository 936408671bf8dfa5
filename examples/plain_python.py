"""Any loop in Python: start, log, leave the block. Needs nothing but heimdall-dash."""

from heimdall_dash import Job

config = {"learning_rate": 0.1, "start": 4.0}

with Job.start("plain Python", total_epochs=20, config=config, tags=["example"]) as job:
    x = config["start"]
    for epoch in range(1, 21):
        x -= config["learning_rate"] * 2 * x
        job.log(epoch, train_loss=x**2, grad={"norm": abs(2 * x)})
        job.log(epoch, val_loss=(x - 0.1) ** 2)  # joins the epoch
        if job.desired == "cancelled":  # somebody chose so on the page
            break

"""A script that was written for W&B: the first line is what changed."""

import heimdall_dash.wandb as wandb

wandb.init(project="examples", name="W&B", config={"learning_rate": 0.1, "epochs": 20})
place = 1.0
for epoch in range(wandb.config.epochs):
    place -= wandb.config.learning_rate * 2 * place
    wandb.log({"epoch": epoch, "train/loss": place**2, "place": place})
wandb.summary["closest"] = abs(place)
wandb.finish()

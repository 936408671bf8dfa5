"""Lightning: the second line is the logger."""

import torch
from lightning.pytorch import LightningModule, Trainer
from torch.utils.data import DataLoader, TensorDataset

from heimdall_dash.integrations.lightning import HeimdallLogger


class Line(LightningModule):
    def __init__(self, learning_rate: float = 0.1) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(1, 1)

    def training_step(self, batch, index):
        loss = torch.nn.functional.mse_loss(self.layer(batch[0]), batch[1])
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch, index):
        self.log("val_loss", torch.nn.functional.mse_loss(self.layer(batch[0]), batch[1]))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), self.hparams.learning_rate)


if __name__ == "__main__":
    x = torch.linspace(-1, 1, 64).unsqueeze(1)
    batches = DataLoader(TensorDataset(x, 2 * x + 1), batch_size=8)
    logger = HeimdallLogger("Lightning", tags=["example"])
    trainer = Trainer(max_epochs=5, logger=logger, log_every_n_steps=4, accelerator="cpu")
    trainer.fit(Line(), batches, batches)

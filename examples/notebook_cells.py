# %% start a run, and see it: its link and the live page
from heimdall_dash import Job

job = Job.start("notebook", total_epochs=20)
job

# %% train, in whatever cells
for epoch in range(1, 21):
    job.log(epoch, train_loss=1 / epoch)

# %% one chart, live
job.chart("train_loss")

# %% its end; a notebook has no block that is left
job.finish()
job.close()

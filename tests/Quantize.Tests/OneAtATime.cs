// Seeds and thread counts of libtorch belong to the process: a test that draws weights would disturb another that compares two trainings.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

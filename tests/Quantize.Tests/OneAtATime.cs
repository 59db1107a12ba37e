// Seeds and thread counts of libtorch belong to the process: a test that draws weights would disturb another that compares two trainings.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

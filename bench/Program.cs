// Measurements of the runtime:
//   dotnet run -c Release --project bench -- compare                      side by side with ONNX Runtime; writes bench/results/
//   dotnet run -c Release --project bench -- first MODEL                  one image in a fresh process, as 'compare' measures starts
//   bench/arm-estimate.sh                                                 cycles of one image on ARM cores, without one
//   dotnet run -c Release --project bench -- serve MODEL                  the HTTP server under load, under attack, and stopped
//   dotnet run -c Release --project bench -- loader [FOLDER]               photographs a second of one core, for training at 224 pixels
//   dotnet run -c Release --project bench -- students                     writes the table of presets into docs/architectures.md
//   dotnet run -c Release --project bench -- small DATA FILE...            students beside float networks of the same small images
//   dotnet run -c Release --project bench -- --list flat                  the micro-benchmarks
//   dotnet run -c Release --project bench -- --filter '*BinaryProduct*'
// End-to-end latency with warm-up rules, telemetry and a verdict is 'edgevit bench'.
if (args is ["compare", ..])
{
    return EdgeVit.Bench.ComparisonCommand.Run(args[1..]);
}

if (args is [EdgeVit.Bench.FirstOutput.Verb, ..])
{
    return EdgeVit.Bench.FirstOutput.Run(args[1..]);
}

if (args is ["arm-estimate", ..])
{
    return EdgeVit.Bench.ArmEstimateCommand.Run(args[1..]);
}

if (args is ["small", ..])
{
    return EdgeVit.Bench.SmallImagesCommand.Run(args[1..]);
}

if (args is ["students"])
{
    return EdgeVit.Bench.StudentsCommand.Run();
}

if (args is ["serve", ..])
{
    return EdgeVit.Bench.ServeCommand.Run(args[1..]);
}

#if TRAINING
if (args is ["loader", ..])
{
    return EdgeVit.Bench.LoaderCommand.Run(args[1..]);
}

#endif
BenchmarkDotNet.Running.BenchmarkSwitcher.FromAssembly(typeof(EdgeVit.Bench.WholeModelBenchmarks).Assembly).Run(args);
return 0;

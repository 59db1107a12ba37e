// Micro-benchmarks of the runtime:
//   dotnet run -c Release --project bench -- --list flat
//   dotnet run -c Release --project bench -- --filter '*BinaryProduct*'
// End-to-end latency with warm-up rules, telemetry and a verdict is 'edgevit bench'.
BenchmarkDotNet.Running.BenchmarkSwitcher.FromAssembly(typeof(EdgeVit.Bench.WholeModelBenchmarks).Assembly).Run(args);

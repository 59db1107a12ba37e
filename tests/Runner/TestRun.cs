using System.Reflection;
using EdgeVit.Runtime.Tests;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace EdgeVit.Runner;

/// <summary>Runs the runtime's tests in this process, one after the other.</summary>
internal static class TestRun
{
    internal static int Run(string[] parts)
    {
        AssemblyName assembly = typeof(KernelTests).Assembly.GetName();
        var messages = new Messages();
        using var framework = new XunitTestFramework(messages);
        using ITestFrameworkDiscoverer discoverer = framework.GetDiscoverer(new ReflectionAssemblyInfo(typeof(KernelTests).Assembly));
        using var found = new Discovery();
        var options = new Options();
        discoverer.Find(false, found, options);
        found.Finished.Wait();
        ITestCase[] cases = [.. found.Cases.Where(c => parts.Length == 0 || parts.Any(p => c.DisplayName.Contains(p, StringComparison.Ordinal)))];
        using ITestFrameworkExecutor executor = framework.GetExecutor(assembly);
        executor.RunTests(cases, messages, options);
        messages.Finished.Wait();
        Console.WriteLine($"{messages.Passed} passed, {messages.Failed} failed, {messages.Skipped} skipped");
        return messages.Failed == 0 && messages.Passed > 0 ? 0 : 1;
    }

    private sealed class Options : ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
    {
        private readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal) { ["xunit.execution.DisableParallelization"] = true };

        public TValue GetValue<TValue>(string name) => _values.TryGetValue(name, out object? value) ? (TValue)value! : default!;

        public void SetValue<TValue>(string name, TValue value) => _values[name] = value;
    }

    private sealed class Discovery : LongLivedMarshalByRefObject, IMessageSink, IDisposable
    {
        internal List<ITestCase> Cases { get; } = [];

        internal ManualResetEventSlim Finished { get; } = new();

        public bool OnMessage(IMessageSinkMessage message)
        {
            if (message is ITestCaseDiscoveryMessage discovered)
                Cases.Add(discovered.TestCase);
            else if (message is IDiscoveryCompleteMessage)
                Finished.Set();
            return true;
        }

        public void Dispose() => Finished.Dispose();
    }

    private sealed class Messages : LongLivedMarshalByRefObject, IMessageSink
    {
        internal int Passed { get; private set; }

        internal int Failed { get; private set; }

        internal int Skipped { get; private set; }

        internal ManualResetEventSlim Finished { get; } = new();

        public bool OnMessage(IMessageSinkMessage message)
        {
            switch (message)
            {
                case ITestPassed:
                    Passed++;
                    break;
                case ITestSkipped:
                    Skipped++;
                    break;
                case ITestFailed failed:
                    Fail(failed.Test.DisplayName, failed);
                    break;
                case IErrorMessage error:
                    Fail("error", error);
                    break;
                case ITestAssemblyFinished:
                    Finished.Set();
                    break;
            }

            return true;
        }

        private void Fail(string what, IFailureInformation failure)
        {
            Failed++;
            Console.WriteLine($"FAILED {what}: {string.Join(" | ", failure.Messages)}\n{string.Join('\n', failure.StackTraces)}");
        }
    }
}

using System.Runtime.InteropServices;

namespace EdgeVit.Cli;

/// <summary>Ctrl+C and SIGTERM: the first asks the verb to stop in good order, the second ends the process at once.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private readonly Action? _first;
    private int _count;

    /// <summary>Begins to listen; <paramref name="first"/> is called once, at the first signal, and says what happens now.</summary>
    public Interruption(Action? first = null)
    {
        _first = first;
        _registrations = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle)];
    }

    /// <summary>Cancelled at the first signal.</summary>
    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }

        _source.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        if (Interlocked.Increment(ref _count) > 1)
        {
            return;
        }

        context.Cancel = true;
        _first?.Invoke();
        _source.Cancel();
    }
}

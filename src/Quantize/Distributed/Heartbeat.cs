using System.Runtime.InteropServices;

namespace EdgeVit.Quantize;

/// <summary>Shows the other processes that this one lives, by a number that grows, and tells who does not.</summary>
internal sealed class Heartbeat : IDisposable
{
    /// <summary>Who does not show life for so long has gone.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(100);

    private readonly IConnection _connection;
    private readonly int _rank;
    private readonly int _size;
    private readonly ManualResetEventSlim _stop = new();
    private readonly Thread _thread;

    internal Heartbeat(IConnection connection, int rank, int size)
    {
        (_connection, _rank, _size) = (connection, rank, size);
        _thread = new Thread(Beat) { IsBackground = true, Name = "heartbeat" };
        _thread.Start();
    }

    /// <summary>Watches the others for <see cref="Patience"/> and returns who has gone
    /// without a word, and whether the store still answers. Rank 0 serves it: where
    /// it does not answer, that one has gone.</summary>
    internal (int[] Ranks, bool Store) Gone()
    {
        try
        {
            string?[] before = [.. Enumerable.Range(0, _size).Select(Read)];
            HashSet<int> silent = [.. Enumerable.Range(0, _size).Where(r => r != _rank)];
            for (DateTime last = DateTime.UtcNow + Patience; silent.Count > 0 && DateTime.UtcNow < last; Thread.Sleep(s_poll))
                silent.RemoveWhere(r => Read(r) != before[r] || _connection.Get(World.EndOf(r)) is not null);
            return ([.. silent.Order()], true);
        }
        catch (ExternalException)
        {
            return ([0], false);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Set();
        _thread.Join();
        _stop.Dispose();
    }

    private string? Read(int rank) => _connection.Get($"beat/{rank}");

    private void Beat()
    {
        try
        {
            do
            {
                _connection.Add($"beat/{_rank}", 1);
            }
            while (!_stop.Wait(s_interval));
        }
        catch (ExternalException)
        {
            // The store is gone; the operations of all processes will say so.
        }
    }
}

using System.Diagnostics;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Sums and copies of memory over MPI, in calls of bounded size; waiting for the others costs no processor.</summary>
/// <param name="grace">How long after it has asked the processes to end the launcher kills them; null where it does not.</param>
/// <param name="cancel">Set where this process was asked to end.</param>
internal sealed unsafe class MpiTransport(int rank, TimeSpan? grace, CancellationToken cancel)
{
    /// <summary>Sums of more bytes begin with a barrier, so that no process sleeps in the middle of one.</summary>
    private const int Large = 1 << 16;

    /// <summary>Bytes of one call: MPI counts with an int, and copies of much more leave the caches.</summary>
    private const int Piece = 1 << 22;

    /// <summary>How long a wait polls before it sleeps: the others are then busy, and waiting must not cost a processor.</summary>
    private static readonly TimeSpan s_eager = TimeSpan.FromMilliseconds(2);

    private bool _patient;

    /// <summary>From now on waits for the others whoever was asked to end.</summary>
    internal void WaitPatiently() => _patient = true;

    /// <summary>Returns when all processes have reached this point.</summary>
    internal void Barrier() => Wait(Mpi.BeginBarrier());

    /// <summary>Replaces numbers by their sums over the processes.</summary>
    internal void Sum(nint data, long count, ScalarType type)
    {
        int size = type == ScalarType.Float64 ? sizeof(double) : sizeof(float);
        if (count * size <= Large)
        {
            Wait(Mpi.BeginSum((void*)data, (int)count, type));
            return;
        }
        Barrier();
        for (long at = 0; at < count; at += Piece / size)
        {
            Mpi.Sum((void*)(data + (nint)(at * size)), (int)Math.Min(Piece / size, count - at), type);
        }
    }

    /// <summary>Replaces bytes by those of rank 0.</summary>
    internal void Broadcast(nint data, long bytes)
    {
        Barrier();
        for (long at = 0; at < bytes; at += Piece)
        {
            Mpi.Broadcast((void*)(data + (nint)at), (int)Math.Min(Piece, bytes - at));
        }
    }

    /// <summary>Waits for a request: at first without pause, then asleep in between.</summary>
    private void Wait(nint request)
    {
        long start = Stopwatch.GetTimestamp();
        TimeSpan? asked = null;
        while (!Mpi.IsDone(ref request))
        {
            TimeSpan waited = Stopwatch.GetElapsedTime(start);
            if (!_patient && cancel.IsCancellationRequested && waited - (asked ??= waited) > grace / 2)
            {
                throw new ConvertException(
                    $"rank {rank} was asked to end while it waited for the others. If nobody has stopped the run, one of them was killed or crashed: the launcher says which (look with dmesg for lack of memory). The last checkpoint of rank 0 is whole: start again with --resume, with as many processes as you like.");
            }
            if (waited < s_eager)
            {
                Thread.Yield();
            }
            else
            {
                Thread.Sleep(waited.TotalSeconds < 1 ? 1 : 10);
            }
        }
    }
}

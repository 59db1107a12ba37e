using System.Runtime.InteropServices;

namespace EdgeVit.Runtime;

/// <summary>Who does which part of which step. Every step is cut into the members' fixed shares, and these into chunks. A member takes its
/// own chunks first, so that its rows stay in its cache, and then those that the others have not begun: a member that the system does not
/// let run delays no other.</summary>
/// <remarks>Counters only grow and carry the number of the run, so that nothing is reset between runs and a member that comes late from an
/// earlier run can't take anything.</remarks>
internal sealed class WorkShares
{
    private const int RunShift = 8;

    private readonly PlanStep[] _steps;
    private readonly int _members;
    private readonly Counter[] _next;
    private readonly Counter[] _done;

    internal WorkShares(PlanStep[] steps, int members)
    {
        _steps = steps;
        _members = members;
        _next = new Counter[steps.Length * members];
        _done = new Counter[steps.Length];
    }

    /// <summary>Takes the next chunk of a member's share of a step, items <paramref name="begin"/> to before <paramref name="end"/>. Runs are
    /// numbered from 1.</summary>
    internal bool TryTake(long run, int step, int owner, out int begin, out int end)
    {
        PlanStep work = _steps[step];
        long granules = (work.Items + work.Granularity - 1) / work.Granularity;
        long first = granules * owner / _members;
        long count = (granules * (owner + 1) / _members) - first;
        int chunks = (int)Math.Min(work.ChunksPerShare, count);
        ref long next = ref _next[(step * _members) + owner].Value;
        long seen = Volatile.Read(ref next);
        while (true)
        {
            // A counter of an earlier run stands for 0 of this one.
            int taken = seen >> RunShift == run ? (int)(seen & ((1 << RunShift) - 1)) : 0;
            if (taken >= chunks || seen >> RunShift > run)
            {
                begin = end = 0;
                return false;
            }

            long found = Interlocked.CompareExchange(ref next, (run << RunShift) + taken + 1, seen);
            if (found == seen)
            {
                begin = (int)Math.Min(work.Items, (first + (count * taken / chunks)) * work.Granularity);
                end = (int)Math.Min(work.Items, (first + (count * (taken + 1) / chunks)) * work.Granularity);
                return true;
            }

            seen = found;
        }
    }

    /// <summary>Reports finished items of a step.</summary>
    internal void Finish(int step, int items) => Interlocked.Add(ref _done[step].Value, items);

    /// <summary>True where all items of a step are finished in this run.</summary>
    internal bool IsDone(long run, int step) => Volatile.Read(ref _done[step].Value) >= run * _steps[step].Items;

    [StructLayout(LayoutKind.Sequential, Size = 64)]
    private struct Counter
    {
        internal long Value;
    }
}

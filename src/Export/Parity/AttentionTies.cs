using System.Numerics;

namespace EdgeVit.Export;

/// <summary>Explains a difference between two results of one attention row (one head of one query) by the keys whose probability lies
/// within rounding of the border between two levels (half the clip, where there is one): the packed row and the simulated one may decide about
/// them differently, and about no others.</summary>
internal sealed class AttentionTies
{
    /// <summary>Up to this many keys every subset is tried; above, each channel's count may differ by as many as there are.</summary>
    private const int MaxEnumerated = 12;

    private readonly int _size;
    private readonly double _unit;
    private readonly int _first;
    private readonly Value _values;
    private readonly List<(int Key, bool Attended)> _keys = [];

    /// <summary>Finds the keys of one head of one query at a threshold: <paramref name="exp"/> is the head's fixed-point table of the packed model,
    /// by matching signs, <paramref name="tolerance"/> how close p / clip has to be to a border.</summary>
    public AttentionTies(ReferenceAttention attention, Value values, int token, int head, ReadOnlySpan<long> exp, float clip, int levels, double tolerance)
    {
        _size = exp.Length - 1;

        // What a match more adds to the score: the last step of the table says it to fifteen places.
        _unit = Math.Log((double)exp[_size] / Math.Max(1, exp[_size - 1]));
        _first = head * _size;
        _values = values;
        IReadOnlyList<int> keys = attention.Keys(token);
        int[] matches = [.. keys.Select(j => attention.Matches(head, token, j))];
        long fixedSum = 0;
        double sum = 0;
        for (int j = 0; j < matches.Length; j++)
        {
            fixedSum += exp[matches[j]];
            sum += Exponential(matches[j]);
        }
        for (int j = 0; j < matches.Length; j++)
        {
            double q = (Exponential(matches[j]) / sum / clip) - attention.Zero(head);
            double level = Math.Clamp(Math.Round(q + 0.5), 1, levels);
            double margin = Math.Abs(q - (level - 0.5));
            if (margin > tolerance)
            {
                continue;
            }

            Margin = Math.Max(Margin, margin);
            _keys.Add((keys[j], 2 * (double)exp[matches[j]] > ((2 * level) - 1 + (2 * attention.Zero(head))) * (clip * (double)fixedSum)));
        }
    }

    public int Keys => _keys.Count;

    /// <summary>How far from a border p / clip is, at most, for the keys at one.</summary>
    public double Margin { get; }

    /// <summary>Whether the counts differ just as they do when some of these keys change sides.</summary>
    /// <param name="counts">For each channel of the head, simulated minus packed count; null for a channel whose scale is 0.</param>
    public bool Explain(int?[] counts)
    {
        if (_keys.Count > MaxEnumerated)
        {
            return counts.All(c => c is null || Math.Abs(c.Value) <= _keys.Count);
        }

        for (uint subset = 1; subset < 1u << _keys.Count; subset++)
        {
            if (counts.Select((count, c) => count is null || count == Change(subset, c)).All(same => same))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>What channel c's count gains when these keys change sides.</summary>
    private int Change(uint subset, int c)
    {
        int change = 0;
        for (; subset != 0; subset &= subset - 1)
        {
            (int key, bool attended) = _keys[BitOperations.TrailingZeroCount(subset)];
            change += _values.Bit(key, _first + c) != attended ? 1 : -1;
        }
        return change;
    }

    private double Exponential(int matches) => Math.Exp(_unit * (matches - _size));
}

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
    public AttentionTies(IReadOnlyList<Value> inputs, int token, int head, ReadOnlySpan<long> exp, float clip, int levels, bool maskDiagonal, double tolerance)
    {
        _size = exp.Length - 1;

        // What a match more adds to the score: the last step of the table says it to fifteen places.
        _unit = Math.Log((double)exp[_size] / Math.Max(1, exp[_size - 1]));
        _first = head * _size;
        _values = inputs[2];
        int[] matches = [.. Enumerable.Range(0, inputs[1].Shape.Tokens).Select(j => Matches(inputs[0], token, inputs[1], j))];
        int own = maskDiagonal ? token : -1;
        long fixedSum = 0;
        double sum = 0;
        for (int j = 0; j < matches.Length; j++)
        {
            fixedSum += j == own ? 0 : exp[matches[j]];
            sum += j == own ? 0 : Exponential(matches[j]);
        }
        for (int j = 0; j < matches.Length; j++)
        {
            if (j == own)
            {
                continue;
            }

            double q = Exponential(matches[j]) / sum / clip;
            double level = Math.Clamp(Math.Round(q + 0.5), 1, levels);
            double margin = Math.Abs(q - (level - 0.5));
            if (margin > tolerance)
            {
                continue;
            }

            Margin = Math.Max(Margin, margin);
            _keys.Add((j, 2 * (double)exp[matches[j]] > ((2 * level) - 1) * (clip * (double)fixedSum)));
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

    private int Matches(Value query, int token, Value key, int j)
    {
        int matches = 0;
        for (int c = _first; c < _first + _size; c++)
        {
            matches += query.Bit(token, c) == key.Bit(j, c) ? 1 : 0;
        }

        return matches;
    }

    private double Exponential(int matches) => Math.Exp(_unit * (matches - _size));
}

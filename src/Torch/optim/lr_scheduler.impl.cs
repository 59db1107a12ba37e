namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            /// <summary>The schedules themselves.</summary>
            public static class impl
            {
                /// <summary>The learning rate times a function of the step.</summary>
                public class LambdaLR : LRScheduler
                {
                    private readonly Func<int, double> _factor;

                    internal LambdaLR(Optimizer optimizer, Func<int, double> factor, int lastEpoch, bool verbose)
                        : base(optimizer, lastEpoch, verbose)
                    {
                        _factor = factor;
                        step();
                    }

                    internal override double Rate(int group, int epoch) => Base[group] * _factor(epoch);
                }

                /// <summary>The learning rate times gamma every few steps.</summary>
                public class StepLR : LRScheduler
                {
                    private readonly int _size;
                    private readonly double _gamma;

                    internal StepLR(Optimizer optimizer, int size, double gamma, int lastEpoch, bool verbose)
                        : base(optimizer, lastEpoch, verbose)
                    {
                        _size = size;
                        _gamma = gamma;
                        step();
                    }

                    internal override double Rate(int group, int epoch)
                        => Base[group] * Math.Pow(_gamma, Math.Floor((double)epoch / _size));
                }

                /// <summary>A factor that changes linearly and then stays.</summary>
                public class LinearLR : LRScheduler
                {
                    private readonly double _start;
                    private readonly double _end;
                    private readonly int _steps;

                    internal LinearLR(Optimizer optimizer, double start, double end, int steps, int lastEpoch, bool verbose)
                        : base(optimizer, lastEpoch, verbose)
                    {
                        _start = start;
                        _end = end;
                        _steps = steps;
                        step();
                    }

                    internal override double Rate(int group, int epoch)
                        => Base[group] * (_start + ((_end - _start) * Math.Min(_steps, epoch) / _steps));
                }

                /// <summary>Half a cosine from the learning rate down; going on, it comes up again.</summary>
                public class CosineAnnealingLR : LRScheduler
                {
                    private readonly double _steps;
                    private readonly double _lowest;

                    internal CosineAnnealingLR(Optimizer optimizer, double steps, double lowest, int lastEpoch, bool verbose)
                        : base(optimizer, lastEpoch, verbose)
                    {
                        _steps = steps;
                        _lowest = lowest;
                        step();
                    }

                    internal override double Rate(int group, int epoch)
                        => _lowest + ((Base[group] - _lowest) * (1 + Math.Cos(Math.PI * epoch / _steps)) / 2);
                }

                /// <summary>Schedules one after the other.</summary>
                public class SequentialLR : LRScheduler
                {
                    private readonly LRScheduler[] _schedulers;
                    private readonly int[] _milestones;

                    internal SequentialLR(Optimizer optimizer, IEnumerable<LRScheduler> schedulers, IEnumerable<int> milestones,
                        int lastEpoch) : base(optimizer, lastEpoch, false)
                    {
                        _schedulers = [.. schedulers];
                        _milestones = [.. milestones];
                        if (_milestones.Length != _schedulers.Length - 1)
                            throw new ArgumentException($"{_schedulers.Length} schedules do not go with {_milestones.Length} milestones.");
                        if (_schedulers.Any(s => !ReferenceEquals(s.Optimizer, optimizer)))
                            throw new ArgumentException("All schedules must belong to the same optimizer.");
                        step();
                    }

                    internal override double Rate(int group, int epoch)
                    {
                        int index = _milestones.Length;
                        while (index > 0 && _milestones[index - 1] > epoch) index--;
                        return _schedulers[index].Rate(group, index == 0 ? epoch : epoch - _milestones[index - 1]);
                    }
                }

                /// <summary>One rise of the learning rate (and fall of the momentum), one fall far below the start.</summary>
                public class OneCycleLR : LRScheduler
                {
                    private readonly Phase[] _phases;
                    private readonly AnnealStrategy _strategy;
                    private readonly bool _cycleMomentum;
                    private readonly int _total;

                    internal OneCycleLR(Optimizer optimizer, double highest, int total, double rising, AnnealStrategy strategy,
                        bool cycleMomentum, (double Low, double High) momentum, (double Start, double Final) divisors, bool threePhases,
                        int lastEpoch, bool verbose)
                        : base(optimizer, lastEpoch, verbose)
                    {
                        if (rising is < 0 or > 1) throw new ArgumentException($"pct_start must be between 0 and 1, not {rising}.");
                        if (cycleMomentum && !Groups.All(g => g is IMomentum or IBetas))
                            throw new ArgumentException("cycle_momentum needs an optimizer with momentum.");
                        double first = highest / divisors.Start, last = first / divisors.Final;
                        (double low, double high) = momentum;
                        var rise = new Phase((rising * total) - 1, first, highest, high, low);
                        _phases = threePhases
                            ? [rise, new((2 * rising * total) - 2, highest, first, low, high), new(total - 1, first, last, high, high)]
                            : [rise, new(total - 1, highest, last, low, high)];
                        _strategy = strategy;
                        _cycleMomentum = cycleMomentum;
                        _total = total;
                        step();
                    }

                    private readonly record struct Phase(double End, double From, double To, double MomentumFrom, double MomentumTo);

                    /// <summary>The curve between two values.</summary>
                    public enum AnnealStrategy
                    {
                        /// <summary>Half a cosine.</summary>
                        Cos,

                        /// <summary>A line.</summary>
                        Linear,
                    }

                    internal static int Steps(int total, int epochs, int perEpoch)
                    {
                        int result = total != -1 ? total : epochs * perEpoch;
                        return result > 0 ? result : throw new ArgumentException("Give either total_steps, or epochs and steps_per_epoch.");
                    }

                    /// <inheritdoc/>
                    public override void step(int? epoch)
                    {
                        base.step(epoch);
                        if (!_cycleMomentum) return;
                        double value = At(Epoch, p => p.MomentumFrom, p => p.MomentumTo);
                        foreach (ILearningRateController group in Groups)
                        {
                            if (group is IBetas betas) betas.Betas = (value, betas.Betas.Item2);
                            else if (group is IMomentum plain) plain.Momentum = value;
                        }
                    }

                    internal override double Rate(int group, int epoch) => At(epoch, p => p.From, p => p.To);

                    private double At(int epoch, Func<Phase, double> from, Func<Phase, double> to)
                    {
                        if (epoch > _total) throw new InvalidOperationException($"Step {epoch + 1} of a schedule of {_total} steps.");
                        double start = 0;
                        foreach (Phase phase in _phases)
                        {
                            if (epoch <= phase.End || phase == _phases[^1])
                            {
                                double part = (epoch - start) / (phase.End - start), a = from(phase), b = to(phase);
                                if (_strategy == AnnealStrategy.Linear) return a + ((b - a) * part);
                                return b + ((a - b) / 2 * (Math.Cos(Math.PI * part) + 1));
                            }
                            start = phase.End;
                        }
                        return to(_phases[^1]);
                    }
                }
            }
        }
    }
}

using AnnealStrategy = TorchSharp.torch.optim.lr_scheduler.impl.OneCycleLR.AnnealStrategy;

namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        /// <summary>Learning rates as functions of the number of steps, in closed form.</summary>
        public static partial class lr_scheduler
        {
            /// <summary>Sets the learning rates of an optimizer's groups; step() goes one step on.</summary>
            public abstract class LRScheduler
            {
                private readonly bool _verbose;

                private protected LRScheduler(Optimizer optimizer, int lastEpoch, bool verbose)
                {
                    ArgumentNullException.ThrowIfNull(optimizer);
                    Groups = [.. optimizer.ParamGroups];
                    Base = [.. Groups.Select(g => g.InitialLearningRate)];
                    Last = [.. Groups.Select(g => g.LearningRate)];
                    Optimizer = optimizer;
                    Epoch = lastEpoch;
                    _verbose = verbose;
                }

                internal Optimizer Optimizer { get; }

                internal int Epoch { get; private set; }

                private protected ILearningRateController[] Groups { get; }

                private protected double[] Base { get; }

                private double[] Last { get; set; }

                /// <summary>Goes one step on.</summary>
                public virtual void step() => step(null);

                /// <summary>Goes one step on, or to a given step.</summary>
                public virtual void step(int? epoch)
                {
                    Epoch = epoch ?? Epoch + 1;
                    Last = [.. Groups.Select((_, i) => Rate(i, Epoch))];
                    for (int i = 0; i < Groups.Length; i++) Groups[i].LearningRate = Last[i];
                    if (_verbose) Console.WriteLine($"Step {Epoch}: learning rates {string.Join(", ", Last)}");
                }

                /// <summary>Goes one step on; the metric does not matter to these schedules.</summary>
                public virtual void step(double current, int? epoch = null) => step(epoch);

                /// <summary>The learning rates that were set last.</summary>
                public IEnumerable<double> get_last_lr() => Last;

                // The learning rate of group `group` at step `epoch`.
                internal abstract double Rate(int group, int epoch);
            }

            /// <summary>The learning rate times a function of the step.</summary>
            public static LRScheduler LambdaLR(Optimizer optimizer, Func<int, double> lr_lambda, int last_epoch = -1, bool verbose = false)
                => new impl.LambdaLR(optimizer, lr_lambda, last_epoch, verbose);

            /// <summary>The learning rate times gamma every step_size steps.</summary>
            public static LRScheduler StepLR(Optimizer optimizer, int step_size, double gamma = 0.1, int last_epoch = -1,
                bool verbose = false)
                => new impl.StepLR(optimizer, step_size, gamma, last_epoch, verbose);

            /// <summary>A factor that goes from start_factor to end_factor in total_iters steps and stays.</summary>
            public static LRScheduler LinearLR(Optimizer optimizer, double start_factor = 1.0 / 3, double end_factor = 1.0,
                int total_iters = 5, int last_epoch = -1, bool verbose = false)
                => new impl.LinearLR(optimizer, start_factor, end_factor, total_iters, last_epoch, verbose);

            /// <summary>Half a cosine from the learning rate down to eta_min in T_max steps.</summary>
            public static LRScheduler CosineAnnealingLR(Optimizer optimizer, double T_max, double eta_min = 0, int last_epoch = -1,
                bool verbose = false)
                => new impl.CosineAnnealingLR(optimizer, T_max, eta_min, last_epoch, verbose);

            /// <summary>Schedules one after the other; each counts its steps from its milestone.</summary>
            public static LRScheduler SequentialLR(Optimizer optimizer, IEnumerable<LRScheduler> schedulers, IEnumerable<int> milestones,
                int last_epoch = -1)
                => new impl.SequentialLR(optimizer, schedulers, milestones, last_epoch);

            /// <summary>One rise to max_lr and one fall far below the start.</summary>
            public static LRScheduler OneCycleLR(Optimizer optimizer, double max_lr, int total_steps = -1, int epochs = -1,
                int steps_per_epoch = -1, double pct_start = 0.3, AnnealStrategy anneal_strategy = AnnealStrategy.Cos,
                bool cycle_momentum = true, double base_momentum = 0.85, double max_momentum = 0.95, double div_factor = 25,
                double final_div_factor = 1e4, bool three_phase = false, int last_epoch = -1, bool verbose = false)

                    => new impl.OneCycleLR(optimizer, max_lr, impl.OneCycleLR.Steps(total_steps, epochs, steps_per_epoch), pct_start,
                        anneal_strategy, cycle_momentum, (base_momentum, max_momentum), (div_factor, final_div_factor), three_phase,
                        last_epoch, verbose);
        }
    }
}

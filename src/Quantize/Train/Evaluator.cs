using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Measures the network on images that it does not learn from and keeps the best.</summary>
internal sealed class Evaluator(
    nn.Module<Tensor, Tensor> model, PixelSource source, IReadOnlyList<int> held, int batchSize, Device device, TrainerFiles files, MetricsLog metrics, Meter meter,
    IConvertProgress progress) : IStepObserver
{
    public void Observe(StepDone step)
    {
        if (!step.Evaluates)
        {
            return;
        }

        TrainingProgress report = meter.Report(step);
        meter.Pause();
        double top1 = Accuracy.Top1(model, source, held, batchSize, device);
        NativeHeap.TrimWhereShort();
        // What floats reach says nothing about signs: while weights are floats, nothing is the best so far.
        bool counts = !step.Mode.FloatWeights;
        bool better = counts && (double.IsNaN(top1) || top1 >= step.State.BestTop1);
        step.State = step.State with { BestTop1 = double.IsNaN(top1) || !counts ? step.State.BestTop1 : Math.Max(top1, step.State.BestTop1) };
        if (better)
        {
            files.RequirePlace();
            Checkpoint.Save(files.Best, model, null, step.State, files.Configuration);
        }

        metrics.Write(MetricsRow.Of(report, step) with { Top1 = top1 });
        progress.Report(report);
        progress.Report(new Evaluated(files.Phase, step.Step, step.Settings.Steps, report.Loss, top1, step.State.BestTop1));
        meter.Continue();
    }
}

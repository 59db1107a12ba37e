using System.Globalization;
using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize;

/// <content>What options may be, as far as that can be said without data.</content>
internal sealed partial record ConvertOptions
{
    private void CheckViews(List<string> faults)
    {
        if (TeacherViews > 0 && (Repeats > 1 || FeatureWeight > 0))
        {
            faults.Add($"--teacher-views keeps one answer to each variation, so {(Repeats > 1 ? "--repeats" : "--feature-weight")} has no place beside it");
        }
    }

    /// <summary>Checks what can be checked without data and returns the options.</summary>
    /// <exception cref="ConvertException">Settings out of range; the message names each with its range.</exception>
    public ConvertOptions Validate()
    {
        List<string> faults = [];
        void Check(string name, double? value, double least, double most, Func<double, string>? text = null)
        {
            if (value is double v && !(v >= least && v <= most))
            {
                text ??= number => number.ToString(CultureInfo.InvariantCulture);
                faults.Add($"--{name} is {text(v)}, expected {text(least)} to {text(most)}");
            }
        }

        Check("budget", Budget?.TotalSeconds, 1, 1e8);
        Check("stop-after", StopAfter?.TotalSeconds, 1, 1e8);
        if (Budget is not null && (Epochs is not null || TeacherEpochs is not null))
        {
            faults.Add("--budget decides how long is trained, so --epochs and --teacher-epochs have no place beside it");
        }

        CheckFolder(faults);
        CheckPretraining(faults);
        Check("epochs", Epochs, 0.001, 100_000);
        Check("teacher-epochs", TeacherEpochs, 0.001, 100_000);
        Check("pretrain-epochs", PretrainEpochs, 0.001, 100_000);
        Check("batch", BatchSize, 2, 65_536);
        Check("lr", LearningRate, 1e-9, 1);
        Check("image-size", ImageSize, 4, 1024);
        Check("stem", Stem, 0, 4096);
        if (AttentionLevels is { } levels && !BinaryViTConfig.PossibleLevels.Contains(levels))
        {
            faults.Add($"--attention-levels is {levels}, expected {string.Join(" or ", BinaryViTConfig.PossibleLevels)}");
        }

        Check("temperature", Temperature, 0.1, 100);
        Check("teacher-weight", TeacherWeight, 0, 1);
        Check("feature-weight", FeatureWeight, 0, 10_000);
        Check("label-smoothing", LabelSmoothing, 0, 0.9);
        Check("mixup", Mixup, 0, 100);
        Check("cutmix", CutMix, 0, 100);
        Check("erase", Erase, 0, 1);
        Check("pad", Pad, 0, 512);
        Check("random-crop", Crop, 0, 1);
        Check("rand-augment", RandAugment, 0, 10);
        Check("rand-magnitude", RandMagnitude, 0, MostMagnitude);
        Check("repeats", Repeats, 1, 16);
        Check("teacher-views", TeacherViews, 0, 10_000);
        CheckViews(faults);
        Regularization.Check(faults);
        Check("accumulate", Accumulate, 1, 32_768);
        Check("memory", Memory, LeastMemory, MostMemory, ByteText.Of);
        Check("checkpoint-every", CheckpointEvery.TotalSeconds, 1, 1e8);
        Binarization.Check(faults);
        if (Precision is not (Auto or Float32 or BFloat16))
        {
            faults.Add($"--precision is '{Precision}', expected auto, float32 or bfloat16");
        }

        if (AugmentOn is not (Auto or Processor or OnDevice))
        {
            faults.Add($"--augment-on is '{AugmentOn}', expected auto, cpu or device");
        }

        Check("threads", Threads, 1, 1024);
        Check("parity-images", ParityImages, 1, 10_000);
        Check("shapes-train", ShapesTrain, 20, 10_000_000);
        Check("shapes-test", ShapesTest, 10, 10_000_000);
        return faults.Count == 0 ? this : throw new ConvertException($"Settings out of range: {string.Join("; ", faults)}.", ConvertException.Usage);
    }

    private void CheckPretraining(List<string> faults)
    {
        if (Pretrain is not (null or MaskedAutoencoding))
        {
            faults.Add($"--pretrain is '{Pretrain}', expected {MaskedAutoencoding}");
        }
        else if (Pretrain is not null && Budget is not null)
        {
            faults.Add("--budget divides a time among teacher and student, so --pretrain has no place beside it: give --epochs, --teacher-epochs and --pretrain-epochs");
        }
    }

    private void CheckFolder(List<string> faults)
    {
        if (Resume && Overwrite)
        {
            faults.Add("--resume goes on with the run in the folder and --overwrite replaces it: give one of them");
        }
    }
}

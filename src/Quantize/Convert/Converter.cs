using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using EdgeVit.Export;
using EdgeVit.Imaging;
using EdgeVit.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>The whole way: images → teacher → student → packed model, proven to compute what was trained.</summary>
internal static class Converter
{
    private const double ValidationShare = 0.05;
    private const int MostValidation = 2000;
    private const double TestShare = 0.2;
    private const int MostTest = 5000;

    /// <summary>Converts a data set into a packed model.</summary>
    /// <param name="options">What to do.</param>
    /// <param name="progress">Receives events.</param>
    /// <param name="cancel">Stops after the step in progress, with everything saved.</param>
    /// <param name="group">The processes that train together, of which this must be the first; null for this one alone. It has left them at the end.</param>
    /// <exception cref="ConvertException">It cannot be done, was stopped, or the packed model is not what was trained (exit code 3).</exception>
    /// <exception cref="DatasetException">The data cannot be used.</exception>
    /// <exception cref="ImageException">An image cannot be decoded.</exception>
    /// <exception cref="ModelFormatException">The student does not exist or does not fit the images.</exception>
    public static ConvertResult Convert(ConvertOptions options, IConvertProgress progress, CancellationToken cancel = default, ProcessGroup? group = null)
    {
        if (group is { IsFirst: false })
        {
            throw new ArgumentException($"rank {group.Rank} assists, see {nameof(Assist)}.", nameof(group));
        }

        return Run(options, progress, cancel, group)!;
    }

    /// <summary>Takes part in the trainings of a conversion that rank 0 does with <see cref="Convert"/>; writes nothing.</summary>
    /// <param name="options">The same as there.</param>
    /// <param name="group">The processes, of which this is another than the first.</param>
    /// <param name="cancel">Stops all processes after the step in progress.</param>
    /// <inheritdoc cref="Convert"/>
    public static void Assist(ConvertOptions options, ProcessGroup group, CancellationToken cancel = default)
    {
        Run(options, new SilentProgress(), cancel, group);
    }

    private static ConvertResult? Run(ConvertOptions options, IConvertProgress progress, CancellationToken cancel, ProcessGroup? group)
    {
        LibTorch.Load();
        try
        {
            return new Conversion(Settled(options, group), progress, cancel, group).Run();
        }
        catch (Exception e) when (Parted(group, e))
        {
            throw;
        }
        catch (OperationCanceledException e)
        {
            throw new ConvertException("Stopped; what was trained so far is saved. Go on with the same command and --resume.", e, ConvertException.Interrupted);
        }
        catch (ModelWriteException e)
        {
            throw new ConvertException(e.Message, e);
        }
    }

    /// <summary>The options, checked, with what the data, the processes and the device decide.</summary>
    private static ConvertOptions Settled(ConvertOptions options, ProcessGroup? group)
    {
        options = UnlabelledImages.Settle(options.Validate());
        if (group is not null)
        {
            options = options with { Device = group.Device, Threads = options.Threads ?? Math.Max(1, Environment.ProcessorCount / group.Sharers) };
        }

        return options with { Precision = MixedPrecision.For(options.Precision, ChooseDevice(options.Device)) };
    }

    /// <summary>Leaves the other processes, where all have stopped alike, or lets them fail with this one; always false.</summary>
    private static bool Parted(ProcessGroup? group, Exception e)
    {
        if (e is ConvertException { ExitCode: ConvertException.Interrupted })
        {
            group?.Leave();
        }
        else
        {
            group?.Fail();
        }

        return false;
    }

    /// <summary>Says what a conversion would do and cost: reads the images, measures some steps with networks that are thrown away, writes
    /// nothing.</summary>
    /// <param name="options">What to do.</param>
    /// <param name="progress">Receives events.</param>
    /// <param name="cancel">Stops after the step in progress.</param>
    /// <param name="group">The processes that would train together and measure together, each of which calls this; null for this one alone.</param>
    /// <exception cref="ConvertException">It cannot be done.</exception>
    /// <inheritdoc cref="Convert"/>
    public static ConvertPlan Plan(ConvertOptions options, IConvertProgress progress, CancellationToken cancel = default, ProcessGroup? group = null)
    {
        LibTorch.Load();
        try
        {
            return new Conversion(Settled(options, group), progress, cancel, group).Plan();
        }
        catch (Exception e) when (Parted(group, e))
        {
            throw;
        }
        catch (OperationCanceledException e)
        {
            throw new ConvertException("Stopped; nothing was written.", e, ConvertException.Interrupted);
        }
    }

    /// <summary>One conversion from its start to its end.</summary>
    private sealed class Conversion(ConvertOptions options, IConvertProgress progress, CancellationToken cancel, ProcessGroup? group = null)
    {
        private readonly RunFolder _folder = new(options.Out);
        private readonly Stopwatch _clock = Stopwatch.StartNew();
        private readonly Stopwatch _whole = Stopwatch.StartNew();
        private readonly TrainingLengths _lengths = new(options, progress, cancel);
        private readonly Deadline _deadline = options.StopAfter is { } time ? Deadline.In(time) : default;

        /// <summary>Whether this process writes and decides.</summary>
        private bool First => group?.IsFirst != false;

        /// <summary>The result; null of a process that has only assisted.</summary>
        internal ConvertResult? Run()
        {
            BinaryViTConfig preset = StudentLayout.Of(options);
            if (First)
            {
                _folder.Prepare(options.Resume, options.Overwrite, ExpectedBytes(preset));
            }

            Introduce();
            Device device = ChooseDevice(options.Device);
            if (options.Precision == ConvertOptions.BFloat16 && device.type == DeviceType.CPU && !MixedPrecision.Native)
            {
                progress.Report(new Warned("--precision bfloat16: this processor has no instructions for it, so that training is slower than with float32"));
            }

            TeacherList.Require(options);
            InitialWeights.Require(options.Init);
            (ImageData data, BinaryViTConfig network) = ReadData(preset, device);
            Recipe recipe = Recipe.For(options, network, data.Split.Train.Count, data.Kind);
            using DeviceImages? onDevice = DeviceImages.For(options.AugmentOn, data.Source, recipe.Augmentation, device, progress);
            data = data with { OnDevice = onDevice };
            if (options.Budget is { } budget)
            {
                recipe = Fitted(recipe, budget, network, data, device);
            }

            if (group?.Broadcast(recipe.Teacher.Steps, recipe.Student.Steps) is { } steps)
            {
                recipe = recipe with { Teacher = recipe.Teacher with { Steps = (long)steps[0] }, Student = recipe.Student with { Steps = (long)steps[1] } };
            }

            IReadOnlyDictionary<string, string> configuration = Configuration.Describe(options, network, recipe, data);
            group?.RequireSame(configuration);
            if (First)
            {
                if (options.Resume)
                {
                    _folder.RequireSame(configuration);
                }
                else if (options.Overwrite)
                {
                    _folder.Clear();
                }

                _folder.Describe(configuration, device.ToString(), torch.get_num_threads());
            }
            double dataSeconds = Lap();

            (ITeacher? teacher, double? teacherTop1) = new TeacherPhase(options, _folder, progress, _deadline, cancel, group).Run(recipe, data, network, device, configuration);
            double teacherSeconds = Lap();
            string title = $"{network.Name} on {data.Name}, seed {options.Seed}";

            torch.manual_seed((long)options.Seed);
            using var student = new BinaryViT(network, binarization: options.Binarization);
            student.to(device);
            long parameters = student.parameters().Sum(p => p.numel());
            if (options.Init is { } init)
            {
                progress.Report(new Note($"student starts from {InitialWeights.Load(student, init)}"));
            }

            try
            {
                StudentPhase(student, teacher, recipe, data, device, configuration, parameters);
            }
            finally
            {
                (teacher as IDisposable)?.Dispose();
                if (First)
                {
                    _folder.DrawCurves(title);
                }
            }
            group?.Leave();
            if (!First)
            {
                return null;
            }

            double studentSeconds = Lap();

            progress.Report(new PhaseStarted("export", "re-estimating norm statistics, packing"));
            double validationTop1 = Settle(student, recipe, data, device);
            // What is proven is what a processor computes in float32: a GPU's convolutions round their inputs (TF32).
            student.to(torch.CPU);
            LoweredModel lowered = Lowering.Lower(network, ModelTensors.Export(student));
            string provenance = Provenance(recipe, data, teacher, teacherTop1, validationTop1);
            double exportSeconds = Lap();

            progress.Report(new PhaseStarted("check", "comparing the packed model with the simulator, measuring it on the test images"));
            (ParityReport? report, Verification.Outcome? outcome) = (null, null);
            CertifiedModel certified = CertifiedModel.Pack(
                () => lowered, options.Floats,
                model => EvitWriter.ToBytes(model, data.Source.Preprocess, data.Source.Classes, provenance, options.Seed),
                (candidate, values) =>
                {
                    var verification = new Verification(student, candidate, torch.CPU, progress, cancel);
                    using var check = new ParityCheck(candidate, values);
                    verification.Layers(check, data.Source, data.Split.Held.Take(options.ParityImages));
                    outcome = verification.EndToEnd(check, data.Test, data.TestIndices);
                    report = check.Report;
                    ParityCertificate certificate = ParityCertificate.Of(
                        "convert", candidate, report, "the float simulator of the student that was trained", new CertificateImages(0, $"{data.Name} (validation, test)"),
                        predictions: (outcome.Same + outcome.Different, outcome.Same));
                    return certificate;
                },
                data.Unlabelled ? null : (exact, rounded) => Verification.Trial(exact, rounded, data.Source, data.Split.Held, cancel));
            _folder.Write("parity.json", report!.ToJson());
            Verification.Require(report, _folder.File("parity.json"));
            EvitFile file = certified.File;
            AtomicFile.Write(_folder.Model, certified.Bytes);
            var result = new ConvertResult(
                _folder.Model, file.Bytes, file.Sha256, network.Name, parameters, network.Classes,
                data.Split.Train.Count, data.Split.Held.Count, data.TestIndices.Count, data.Skipped,
                outcome!.PackedTop1, outcome.SimulatorTop1, teacherTop1, validationTop1, outcome.Same, outcome.Different,
                report, certified.Certificate, new ConvertTimings(dataSeconds, teacherSeconds, studentSeconds, exportSeconds, Lap()), PeakMemory())
            { LabelledByTeacher = data.Unlabelled };
            _folder.Write("result.json", result.ToJson());
            _folder.Write("card.md", RunCard.Write(file, result, recipe, data, options));
            return result;
        }

        internal ConvertPlan Plan()
        {
            BinaryViTConfig preset = StudentLayout.Of(options);
            Device device = ChooseDevice(options.Device);
            TeacherList.Require(options);
            InitialWeights.Require(options.Init);
            (ImageData data, BinaryViTConfig network) = ReadData(preset, device);
            Recipe recipe = Recipe.For(options, network, data.Split.Train.Count, data.Kind);
            using DeviceImages? onDevice = DeviceImages.For(options.AugmentOn, data.Source, recipe.Augmentation, device, progress);
            data = data with { OnDevice = onDevice };
            Introduce();
            (PhasePlan? teacher, PhasePlan student) = _lengths.Measure(recipe, network, data, device, group);
            if (options.Budget is { } budget)
            {
                recipe = _lengths.Fit(recipe, budget - _whole.Elapsed, teacher, student, network, data);
                teacher = teacher is null ? null : teacher with { Steps = recipe.Teacher.Steps };
                student = student with { Steps = recipe.Student.Steps };
            }

            group?.Leave();

            using var fresh = new BinaryViT(network);
            LoweredModel lowered = FoldedModel.Of(Lowering.Lower(network, ModelTensors.Export(fresh))).Model;
            long bits = GraphCost.Of(lowered.Graph, lowered.Tensors).Sum(n => n.WeightBits);
            byte[] packed = EvitWriter.ToBytes(lowered, data.Source.Preprocess, data.Source.Classes, "{}", options.Seed);
            return new ConvertPlan(
                network.Name, ConfigJson.Write(network), fresh.parameters().Sum(p => p.numel()), bits, packed.Length, data.Split.Train.Count,
                teacher, student, PeakMemory())
            { Processes = group?.Size ?? 1 };
        }

        private void Introduce()
        {
            if (group is null)
            {
                return;
            }

            progress.Report(new Note(group.Text));
            if (group.Warning is { } warning)
            {
                progress.Report(new Warned(warning));
            }
        }

        private (ImageData Data, BinaryViTConfig Network) ReadData(BinaryViTConfig preset, Device device)
        {
            // On two cores one thread is the better default: libtorch's convolutions spin at their barriers, so that they run 20 times slower as
            // soon as another program has one of the cores.
            torch.set_num_threads(options.Threads ?? (Environment.ProcessorCount <= 2 ? 1 : Environment.ProcessorCount));
            progress.Report(new PhaseStarted("data", $"reading {options.Data}"));
            ImageData data = ImageData.Open(options, preset, device, ValidationShare, MostValidation, TestShare, MostTest, progress, cancel);
            return (data, preset.With(classes: data.Source.Classes.Count, imageSize: options.ImageSize));
        }

        /// <summary>The recipe with lengths that fit the time; a run that goes on keeps those that it began with.</summary>
        private Recipe Fitted(Recipe recipe, TimeSpan budget, BinaryViTConfig network, ImageData data, Device device)
        {
            // The folder need not be readable by all; steps are measured by all or none.
            (long Teacher, long Student)? known = options.Resume && First ? _folder.RecordedSteps() : null;
            if (known is { } steps)
            {
                recipe = recipe with { Teacher = recipe.Teacher with { Steps = steps.Teacher }, Student = recipe.Student with { Steps = steps.Student } };
            }

            double recorded = known is null ? 0 : 1;
            if ((group?.Broadcast(recorded)[0] ?? recorded) == 1)
            {
                return recipe;
            }

            (PhasePlan? teacher, PhasePlan student) = _lengths.Measure(recipe, network, data, device, group);
            if (!First)
            {
                return recipe;
            }

            Recipe fitted = _lengths.Fit(recipe, budget - _whole.Elapsed, teacher, student, network, data);
            progress.Report(new Note(string.Create(CultureInfo.InvariantCulture,
                $"budget of {budget.TotalSeconds:F0} s: {(teacher is null ? "" : $"teacher {fitted.Teacher.Steps} steps of {teacher.StepSeconds * 1000:F0} ms, ")}student {fitted.Student.Steps} steps of {student.StepSeconds * 1000:F0} ms")));
            return fitted;
        }

        /// <summary>Bytes that the run will write, roughly: the student's two checkpoints (weights twice and two averages of AdamW), the newer once
        /// more while it is replaced, and the teacher's.</summary>
        private static long ExpectedBytes(BinaryViTConfig network)
        {
            long weights = sizeof(float) * new TensorManifest(network).Required.Sum(t => t.Shape.Aggregate(1L, (n, size) => n * size));
            return (4 + 3) * weights + (128L << 20);
        }

        private static long PeakMemory()
        {
            using Process self = Process.GetCurrentProcess();
            return self.PeakWorkingSet64;
        }

        private void StudentPhase(
            BinaryViT student, ITeacher? teacher, Recipe recipe, ImageData data, Device device, IReadOnlyDictionary<string, string> configuration, long parameters)
        {
            BinaryViTConfig network = student.Config;
            progress.Report(new PhaseStarted("student", string.Create(CultureInfo.InvariantCulture,
                $"{(teacher is null ? "training" : "distilling")} {network.Name}, {parameters:N0} parameters, {recipe.Student.Steps} steps of {recipe.Student.BatchSize}")));
            bool cache = recipe.Augmentation.IsNone || (device.type == DeviceType.CPU && recipe.Augmentation.KeepsContent);
            using (MixedPrecision.Scope(recipe.Student.MixedPrecision))
            {
                if (teacher is not null && cache && CachedTeacher.Fits(data.Split.Train.Count, network.Classes))
                {
                    teacher = CachedTeacher.Ask(teacher, data.Source, data.Split.Train, device, progress, cancel, features: options.FeatureWeight > 0);
                }
            }
            ITrainingTask task = StudentTask(student, teacher, options);
            var files = new TrainerFiles("student", _folder.Student, _folder.Metrics, configuration) { CheckpointEvery = options.CheckpointEvery };
            new Trainer(task, recipe.Student, data.Source, data.Split, recipe.Augmentation, device, files, progress) { Group = group, OnDevice = data.OnDevice }.Run(options.Resume, cancel, _deadline);
        }

        /// <summary>Chooses, by the validation images, between the last and the best weights and between the running statistics of their norms
        /// and fresh ones, estimated with frozen weights.</summary>
        private double Settle(BinaryViT student, Recipe recipe, ImageData data, Device device)
        {
            using var best = new BestWeights(student);
            void Consider(string name) => best.Consider(name, Accuracy.Top1(student, data.Source, data.Split.Held, recipe.Student.EvaluationBatch, device));

            void Reestimate() => NormStatistics.Reestimate(
                student, data.Source, data.Split.Train, recipe.Augmentation, recipe.Student.BatchSize, options.Binarization.NormBatches, device, options.Seed, data.OnDevice);

            Consider("last weights, running statistics");
            bool fresh = options.Binarization.NormBatches > 0;
            if (fresh)
            {
                Reestimate();
                Consider("last weights, fresh statistics");
            }
            if (recipe.Student.Regularization.Average is > 0 and double decay
                && Checkpoint.Extra(Path.Combine(_folder.Student, "last.safetensors"), FloatAverage.StateName) is { } means)
            {
                using var average = new FloatAverage(student, decay);
                average.Restore(means);
                average.Apply();
                Reestimate();
                Consider("last signs, mean floats, fresh statistics");
            }
            string path = Path.Combine(_folder.Student, "best.safetensors");
            if (Checkpoint.Peek(path).Step < recipe.Student.Steps)
            {
                Checkpoint.Load(path, student);
                Consider("best weights, running statistics");
                if (fresh)
                {
                    Reestimate();
                    Consider("best weights, fresh statistics");
                }
            }
            best.Restore();
            progress.Report(new Note(string.Create(CultureInfo.InvariantCulture, $"student: {best.Top1:F2} % on {data.Split.Held.Count} validation images ({best.Name})")));
            return best.Top1;
        }

        private string Provenance(Recipe recipe, ImageData data, ITeacher? teacher, double? teacherTop1, double validationTop1) =>
            JsonSerializer.Serialize(new Dictionary<string, string>
            {
                ["tool"] = $"edgevit {typeof(Converter).Assembly.GetName().Version?.ToString(3)}",
                ["data"] = $"{data.Name}: {data.Kind}, {data.Split.Train.Count} training images",
                ["teacher"] = teacher is null ? "none" : string.Create(CultureInfo.InvariantCulture, $"{teacher.Name}, top-1 {teacherTop1:F2} %"),
                ["recipe"] = string.Create(CultureInfo.InvariantCulture,
                    $"{recipe.Student.Steps} steps of {recipe.Student.BatchSize}, AdamW {recipe.Student.LearningRate}, distillation T {options.Temperature} weight {options.TeacherWeight}"),
                ["seed"] = options.Seed.ToString(CultureInfo.InvariantCulture),
                ["validationTop1"] = validationTop1.ToString("F2", CultureInfo.InvariantCulture),
            }, StringMapJson.Default.Map);

        private double Lap()
        {
            double seconds = _clock.Elapsed.TotalSeconds;
            _clock.Restart();
            return seconds;
        }
    }

    /// <summary>What a student learns.</summary>
    internal static ITrainingTask StudentTask(BinaryViT student, ITeacher? teacher, ConvertOptions options) => teacher is null
        ? new ClassifyTask(student, options.LabelSmoothing)
        : new DistillTask(student, teacher, options.Temperature, options.TeacherWeight, options.HardDistillation) { FeatureWeight = options.FeatureWeight };

    /// <summary>The device that a name means.</summary>
    /// <exception cref="ConvertException">There is no such device here.</exception>
    internal static Device ChooseDevice(string name)
    {
        bool cuda = name is "auto" or "cuda" || name.StartsWith("cuda:", StringComparison.Ordinal);
        if (!cuda && name != "cpu")
        {
            throw new ConvertException($"--device {name}: expected auto, cpu, cuda or cuda:i.", ConvertException.Usage);
        }

        if (name == "cpu" || (name == "auto" && !torch.cuda.is_available()))
        {
            return torch.device("cpu");
        }

        if (!torch.cuda.is_available())
        {
            throw new ConvertException($"--device {name}: this machine's libtorch has no CUDA device. Use --device cpu.", ConvertException.NotSupported);
        }

        int index = 0;
        if (name.Contains(':') && (!int.TryParse(name.AsSpan(5), CultureInfo.InvariantCulture, out index) || index < 0 || index >= torch.cuda.device_count()))
        {
            throw new ConvertException($"--device {name}: there are {torch.cuda.device_count()} CUDA devices, counted from 0.", ConvertException.Usage);
        }

        return torch.device($"cuda:{index}");
    }
}

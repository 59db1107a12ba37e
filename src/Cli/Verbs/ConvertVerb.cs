using System.CommandLine;
#if TRAINING
using System.Globalization;
#endif

namespace EdgeVit.Cli;

/// <summary><c>edgevit convert</c>: images go in, a packed 1-bit model comes out.</summary>
internal sealed class ConvertVerb : Verb
{
    private readonly InputOption<string> _data = DataOption.Create<string>("An image folder (train/<class>/*, test/<class>/*; without classes the teacher alone is learnt from), CIFAR or IDX files, or 'shapes'.", required: true);
    private readonly Option<string> _out = new("--out") { Description = "The run folder: checkpoints, metrics, model.evit and its card go there.", HelpName = "DIR", Required = true };
    private readonly Option<string> _student = new("--student", "--preset") { Description = "hybrid-nano, hybrid-wide, hybrid-32, binaryvit-nano, binaryvit-32, binaryvit-small, binaryvit-small-fp, hybrid-224, hybrid-lite, binary-deit, -cait, -pit, -cvt, -ceit, -t2t, -levit, -swin, -maxvit, -mobilevit, -fastvit, -efficientformer, or a JSON file with a layout (--plan prints one).", HelpName = "NAME|FILE", DefaultValueFactory = _ => "hybrid-nano" };
    private readonly Option<string> _teacher = new("--teacher") { Description = "resnet, resnet18, resnet8, convnet, twin, vit, vit-spt, vit-lsa, sl-vit, deit or sl-deit (trained here), none, a teacher checkpoint, an ONNX classifier or an .evit model; several with commas teach their mean.", HelpName = "NAME|FILE", DefaultValueFactory = _ => "resnet" };
    private readonly Option<string?> _teachersTeacher = new("--teachers-teacher") { Description = "Files whom a teacher that is trained here learns from besides the labels.", HelpName = "FILE" };
    private readonly Option<bool?> _floatDownsampling = new("--float-downsampling") { Description = "Float convolutions between the student's stages. [default: the student's]" };
    private readonly ChoiceOption _branches = new("--branches", "pool", "shift", "none") { Description = "What the student's blocks take from neighbours besides attention: pool, shift (spatial shifts) or none. [default: the student's]" };
    private readonly ChoiceOption _head = new("--head", "mean", "class-attention") { Description = "What the student's classifier sees: the mean of the tokens, or a class token that attends to them: mean or class-attention. [default: the student's]" };
    private readonly Option<bool?> _shiftedPatches = new("--shifted-patches") { Description = "Patches that see the halves of their neighbours (shifted patch tokenization)." };
    private readonly WholeOption<int?> _stem = new("--stem", 0, 4096) { Description = "Channels of a float 3x3 convolution before the patches; 0 for none.", HelpName = "CHANNELS" };
    private readonly ChoiceOption _attentionLevels = new("--attention-levels", "1", "3") { Description = "Levels of the student's attention weights above zero: 1 (a bit) or 3 (three nested bits). [default: the student's]" };
    private readonly Option<bool?> _locality = new("--locality") { Description = "Locality self-attention in the student: a learned temperature for each head, and no token attends to itself." };
    private readonly Option<string?> _init = new("--init") { Description = "Start the student from what fits of a checkpoint (of an earlier run, or of the paper's code) or of an .evit model.", HelpName = "FILE" };
    private readonly TimeOption _budget = new("--budget", "1s", "10000h") { Description = "Fit the training to a time, e.g. 9m or 1h30m." };
    private readonly TimeOption _stopAfter = new("--stop-after", "1s", "10000h") { Description = "End this call after a time with everything saved; go on with --resume." };
    private readonly Option<bool> _plan = new("--plan") { Description = "Only say what it would take: parameters, bytes, memory, time from up to 20 measured steps." };
    private readonly RealOption _epochs = new("--epochs", 0.001, 100_000) { Description = "Passes of the student over the images. [default: by the network and the data]" };
    private readonly RealOption _teacherEpochs = new("--teacher-epochs", 0.001, 100_000) { Description = "Passes of the teacher." };
    private readonly ChoiceOption _pretrain = new("--pretrain", "mae") { Description = "A teacher that is a vision transformer (vit, vit-spt, ...) first learns from all images without labels: mae, as a masked autoencoder." };
    private readonly RealOption _pretrainEpochs = new("--pretrain-epochs", 0.001, 100_000) { Description = "Passes of that. [default: as many as the teacher's]" };
    private readonly WholeOption<int?> _batch = new("--batch", 2, 65_536) { Description = "Images per step." };
    private readonly RealOption _rate = new("--lr", 1e-9, 1) { Description = "Peak learning rate of the student." };
    private readonly WholeOption<int?> _imageSize = new("--image-size", 4, 1024) { Description = "Side of the network's input in pixels. [default: the student's]" };
    private readonly RealOption _temperature = new("--temperature", 0.1, 100) { Description = "Softens the distillation." };
    private readonly Option<string?> _teacherOutput = new("--teacher-output") { Description = "The output of an ONNX teacher with the classes, or any value inside it with features. [default: the one that has as many numbers]", HelpName = "NAME" };
    private readonly InputOption<string?> _teacherLabels = new("--teacher-labels") { Description = "The names of the teacher's classes: a text file with one on each line, a JSON array or id2label. [default: its file's]", HelpName = "FILE" };
    private readonly Option<bool?> _teacherHead = new("--teacher-head") { Description = "Train a head for the data's classes on the teacher's frozen features. [default: where its classes are others]" };
    private readonly WholeOption<int?> _teacherViews = new("--teacher-views", 0, 10_000) { Description = "Show an image in so many variations, each answered by the teacher once before the training. [default: 0: ever others, taught the answer to the whole image]" };
    private readonly TripleOption _teacherMean = new("--teacher-mean") { Description = "Means that an ONNX teacher subtracts from red, green, blue in 0..1. [default: its file's, else 0.485,0.456,0.406]" };
    private readonly TripleOption _teacherStd = new("--teacher-std", positive: true) { Description = "What it divides them by. [default: its file's, else 0.229,0.224,0.225]" };
    private readonly RealOption _teacherWeight = new("--teacher-weight", 0, 1) { Description = "Share of the teacher in the loss." };
    private readonly RealOption _featureWeight = new("--feature-weight", 0, 10_000) { Description = "Learn which images are alike to the teacher, too; factor on that loss, e.g. 10." };
    private readonly Option<bool> _hard = new("--hard-distillation") { Description = "Learn the teacher's decisions instead of its distribution." };
    private readonly RealOption _smoothing = new("--label-smoothing", 0, 0.9) { Description = "Share of a label's weight that all classes divide, where labels alone are learnt." };
    private readonly RealOption _mixup = new("--mixup", 0, 100) { Description = "Mix images as weighted sums; parameter of the beta distribution, e.g. 0.2." };
    private readonly RealOption _cutMix = new("--cutmix", 0, 100) { Description = "Mix images by rectangles; parameter of the beta distribution, e.g. 1." };
    private readonly RealOption _erase = new("--erase", 0, 1) { Description = "Probability that a rectangle of a training image is erased." };
    private readonly Option<bool?> _flip = new("--flip") { Description = "Mirror training images. [default: by the kind of data]" };
    private readonly WholeOption<int?> _pad = new("--pad", 0, 512) { Description = "Largest shift of training images in pixels." };
    private readonly BinarizationOptions _binarization = new();
    private readonly RegularizationOptions _regularization = new();
    private readonly WholeOption<int?> _accumulate = new("--accumulate", 1, 32_768) { Description = "Compute a batch in N parts and add up their gradients: less memory." };
    private readonly ParsedOption<long?> _memory = new("--memory", "300M to 1000T, a size such as 1500M, 8G or 7.5GiB", text => ByteSize.Parse(text, 300_000_000, 1_000_000_000_000_000)) { Description = "Memory that the process may have, e.g. 1500M or 8G; batches are computed in as many parts as that needs. [default: what is free]", HelpName = "SIZE" };
    private readonly TimeOption _checkpointEvery = new("--checkpoint-every", "1s", "10000h") { Description = "Time between checkpoints, e.g. 5m. [default: 1m]" };
    private readonly ChoiceOption _device = new("--device", "auto", "cpu", "cuda", "cuda:i") { Description = "What trains: the processor, a GPU of NVIDIA, or that one of several.", DefaultValueFactory = _ => "auto" };
    private readonly ChoiceOption _precision = new("--precision", "auto", "float32", "bfloat16") { Description = "Products of the training in float32 or bfloat16; auto: bfloat16 where the device has it.", DefaultValueFactory = _ => "auto" };
    private readonly ChoiceOption _augmentOn = new("--augment-on", "auto", "cpu", "device") { Description = "Where training images are varied: cpu, device (all of them in its memory), or auto: a GPU where it can. The images are the same.", DefaultValueFactory = _ => "auto" };
    private readonly WholeOption<int?> _threads = new("--threads", 1, Threads.OfMachine) { Description = "Processor threads of the training." };
    private readonly WholeOption<ulong?> _seed = new("--seed", 0, ulong.MaxValue) { Description = "Seed of everything random." };
    private readonly Option<bool> _resume = new("--resume") { Description = "Go on with the run in --out." };
    private readonly Option<bool> _overwrite = new("--overwrite") { Description = "Start again in a folder that holds a run." };
    private readonly Option<bool> _skipBad = new("--skip-bad") { Description = "Leave out images that cannot be decoded, and count them." };
    private readonly Option<string?> _split = new("--split") { Description = "Which folders of the data are what: train=A,val=B,test=C, or some of them. [default: by their names]", HelpName = "FOLDERS" };
    private readonly InputOption<string?> _labelsCsv = new("--labels-csv") { Description = "A table of file and label, and perhaps split, in place of class folders.", HelpName = "FILE" };
    private readonly InputOption<string?> _unlabelled = new("--unlabelled") { Absent = "no such folder.", Description = "A folder of more pictures, without labels: the student learns what its teacher says of them.", HelpName = "DIR" };
    private readonly ChoiceOption _floats = FloatsOption.Create();
    private readonly WholeOption<int?> _shapesTrain = new("--shapes-train", 20, 10_000_000) { Description = "Training images of 'shapes'." };
    private readonly WholeOption<int?> _shapesTest = new("--shapes-test", 10, 10_000_000) { Description = "Test images of 'shapes'." };
    private readonly WholeOption<int?> _parityImages = new("--parity-images", 1, 10_000) { Description = "Images that are compared layer by layer." };

    private readonly Option<string?> _recipe = new(RecipeFile.OptionName) { Description = "A file with options (--plan prints one, and config.json of a run is one); what is typed besides counts more.", HelpName = "FILE" };

    public ConvertVerb() : base(
        "convert",
        "Trains a teacher, distils a 1-bit student from it, packs it into one file and proves that the file computes what was trained.",
        "convert --data shapes --out runs/demo",
        "convert --data photos/ --out runs/photos --student binaryvit-32 --epochs 30",
        "convert --data photos/ --out runs/photos --student binaryvit-32 --plan",
        "convert --recipe photos.recipe --out runs/photos --epochs 60",
        "convert --data photos/ --out runs/photos --resume")
    {
        Groups =
        [
            new("Data", [_data, _split, _labelsCsv, _unlabelled, _skipBad, _imageSize, _flip, _pad, _erase, _mixup, _cutMix, .. _regularization.Variation, _shapesTrain, _shapesTest]),
            new("Student", [_student, _floatDownsampling, _branches, _head, _shiftedPatches, _stem, _attentionLevels, _locality, _init, .. _regularization.Omission, _floats, _parityImages]),
            new("Teacher", [_teacher, _teachersTeacher, _pretrain, _teacherOutput, _teacherLabels, _teacherHead, _teacherViews, _teacherMean, _teacherStd, _teacherWeight, _temperature, _featureWeight, _hard, _smoothing]),
            new("Binarisation", [.. _binarization.All]),
            new("Schedule", [_epochs, _teacherEpochs, _pretrainEpochs, _budget, _batch, _rate, _seed]),
            new("Devices", [_device, _precision, _augmentOn, _threads, _memory, _accumulate]),
            new("Run", [_out, _recipe, _plan, _stopAfter, _checkpointEvery, _resume, _overwrite]),
        ];
        AddAll([.. Groups.SelectMany(static g => g.Options)]);
    }

    public override IReadOnlyList<OptionGroup> Groups { get; }

    public override IReadOnlyList<Combination> Combinations =>
    [
        Combination.Excludes(_teacher, "none", "learns from labels alone", _teachersTeacher, _teacherEpochs, _pretrain, _pretrainEpochs, _temperature, _teacherWeight, _teacherOutput, _teacherLabels, _teacherHead, _teacherViews, _teacherMean, _teacherStd, _featureWeight, _hard),
        Combination.Excludes(_hard, "learns decisions, which nothing softens", _temperature),
        Combination.Excludes(_budget, "decides how long is trained", _epochs, _teacherEpochs, _pretrain, _pretrainEpochs),
        Combination.Needs(_pretrainEpochs, "is how long --pretrain takes", _pretrain),
        Combination.Excludes(_resume, "goes on with the run in the folder", _overwrite),
        Combination.Excludes(_data, "shapes", "is drawn", _split, _labelsCsv, _skipBad),
        Combination.Needs(_shapesTrain, "is of the drawn shapes", _data, "shapes"),
        Combination.Needs(_shapesTest, "is of the drawn shapes", _data, "shapes"),
        Combination.Excludes(_split, "names folders, and a table says what each picture is for", _labelsCsv),
        .. _regularization.Combinations,
        .. _binarization.Combinations,
    ];

    protected override int Run(ParseResult arguments, Printer printer)
    {
#if TRAINING
        if (Recipe is { } recipe)
        {
            printer.Say(recipe.Text);
        }

        // Everything that uses torch is behind this call, so that no other verb loads it.
        return Training.ConvertRun.Start(Settings(arguments), Groups, printer);
#else
        throw new UserException($"{NoTraining}. Convert on another machine and copy the model.evit here: every other command runs it.", ExitCode.NotSupported);
#endif
    }

#if !TRAINING
    internal const string NoTraining = "not in this build: TorchSharp has a library for x64 Linux, x64 Windows and macOS on ARM only, or it was left out (EdgeVitTraining=false)";
#endif

#if TRAINING
    internal Training.ConvertSettings Settings(ParseResult arguments) => new()
    {
        Data = arguments.GetRequiredValue(_data),
        Out = arguments.GetRequiredValue(_out),
        Typed = Typed(arguments, _data, _out, _plan, _recipe),
        Student = arguments.GetRequiredValue(_student),
        Teacher = arguments.GetRequiredValue(_teacher),
        FloatDownsampling = arguments.GetValue(_floatDownsampling),
        Branches = Export.BranchKinds.Parse(arguments.GetValue(_branches)),
        ClassHead = arguments.GetValue(_head) is { } head ? head == "class-attention" : null,
        ShiftedPatches = arguments.GetValue(_shiftedPatches),
        Stem = arguments.GetValue(_stem),
        AttentionLevels = arguments.GetValue(_attentionLevels) is { } levels ? int.Parse(levels, CultureInfo.InvariantCulture) : null,
        Locality = arguments.GetValue(_locality),
        TeachersTeacher = arguments.GetValue(_teachersTeacher),
        Init = arguments.GetValue(_init),
        Plan = arguments.GetValue(_plan),
        Budget = arguments.GetValue(_budget),
        StopAfter = arguments.GetValue(_stopAfter),
        Epochs = arguments.GetValue(_epochs),
        TeacherEpochs = arguments.GetValue(_teacherEpochs),
        Pretrain = arguments.GetValue(_pretrain),
        PretrainEpochs = arguments.GetValue(_pretrainEpochs),
        BatchSize = arguments.GetValue(_batch),
        LearningRate = arguments.GetValue(_rate),
        ImageSize = arguments.GetValue(_imageSize),
        Temperature = arguments.GetValue(_temperature),
        TeacherOutput = arguments.GetValue(_teacherOutput),
        TeacherLabels = arguments.GetValue(_teacherLabels) is { } names ? LabelFile.Read(names, "--teacher-labels") : null,
        TeacherHead = arguments.GetValue(_teacherHead),
        TeacherViews = arguments.GetValue(_teacherViews),
        TeacherMean = _teacherMean.Given(arguments),
        TeacherStd = _teacherStd.Given(arguments),
        TeacherWeight = arguments.GetValue(_teacherWeight),
        FeatureWeight = arguments.GetValue(_featureWeight),
        HardDistillation = arguments.GetValue(_hard),
        LabelSmoothing = arguments.GetValue(_smoothing),
        Mixup = arguments.GetValue(_mixup),
        CutMix = arguments.GetValue(_cutMix),
        Erase = arguments.GetValue(_erase),
        Flip = arguments.GetValue(_flip),
        Pad = arguments.GetValue(_pad),
        Regularization = _regularization.Read(arguments),
        Binarization = _binarization.Read(arguments),
        Accumulate = arguments.GetValue(_accumulate),
        Memory = _memory.Given(arguments),
        CheckpointEvery = arguments.GetValue(_checkpointEvery),
        Device = arguments.GetRequiredValue(_device),
        Precision = arguments.GetRequiredValue(_precision),
        AugmentOn = arguments.GetRequiredValue(_augmentOn),
        Threads = arguments.GetValue(_threads),
        Seed = arguments.GetValue(_seed),
        Resume = arguments.GetValue(_resume),
        Overwrite = arguments.GetValue(_overwrite),
        SkipBad = arguments.GetValue(_skipBad),
        Split = arguments.GetValue(_split),
        Unlabelled = arguments.GetValue(_unlabelled),
        LabelsCsv = arguments.GetValue(_labelsCsv),
        Floats = FloatsOption.Parse(arguments.GetRequiredValue(_floats)),
        ShapesTrain = arguments.GetValue(_shapesTrain),
        ShapesTest = arguments.GetValue(_shapesTest),
        ParityImages = arguments.GetValue(_parityImages),
    };
#endif
}

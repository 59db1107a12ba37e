using System.CommandLine;

namespace EdgeVit.Cli;

/// <summary><c>edgevit convert</c>: images go in, a packed 1-bit model comes out.</summary>
internal sealed class ConvertVerb : Verb
{
    private readonly Option<string> _data = new("--data") { Description = "An image folder (train/<class>/*, test/<class>/*; without classes the teacher alone is learnt from), CIFAR or IDX files, or 'shapes'.", HelpName = "PATH", Required = true };
    private readonly Option<string> _out = new("--out") { Description = "The run folder: checkpoints, metrics, model.evit and its card go there.", HelpName = "DIR", Required = true };
    private readonly Option<string> _student = new("--student", "--preset") { Description = "binaryvit-nano, binaryvit-32, binaryvit-small, binaryvit-small-fp, or a JSON file with a layout (--plan prints one).", HelpName = "NAME|FILE", DefaultValueFactory = _ => "binaryvit-nano" };
    private readonly Option<string> _teacher = new("--teacher") { Description = "resnet, resnet18, convnet, twin, vit, vit-spt, vit-lsa, sl-vit, deit or sl-deit (trained here), none, a teacher checkpoint, an ONNX classifier or an .evit model; several with commas teach their mean.", HelpName = "NAME|FILE", DefaultValueFactory = _ => "resnet" };
    private readonly Option<string?> _teachersTeacher = new("--teachers-teacher") { Description = "Files whom a teacher that is trained here learns from besides the labels.", HelpName = "FILE" };
    private readonly Option<bool?> _floatDownsampling = new("--float-downsampling") { Description = "Float convolutions between the student's stages. [default: the student's]" };
    private readonly Option<string?> _branches = new("--branches") { Description = "What the student's blocks take from neighbours besides attention: pool, shift (spatial shifts) or none. [default: the student's]", HelpName = "KIND" };
    private readonly Option<string?> _head = new("--head") { Description = "What the student's classifier sees: the mean of the tokens, or a class token that attends to them: mean or class-attention. [default: the student's]", HelpName = "KIND" };
    private readonly Option<bool?> _shiftedPatches = new("--shifted-patches") { Description = "Patches that see the halves of their neighbours (shifted patch tokenization)." };
    private readonly Option<int?> _stem = new("--stem") { Description = "Channels of a float 3x3 convolution before the patches; 0 for none.", HelpName = "CHANNELS" };
    private readonly Option<int?> _attentionLevels = new("--attention-levels") { Description = "Levels of the student's attention weights above zero: 1 (a bit) or 3 (three nested bits). [default: the student's]", HelpName = "1|3" };
    private readonly Option<bool?> _locality = new("--locality") { Description = "Locality self-attention in the student: a learned temperature for each head, and no token attends to itself." };
    private readonly Option<string?> _init = new("--init") { Description = "Start the student from a checkpoint: of an earlier run, or of the paper's code.", HelpName = "FILE" };
    private readonly Option<string?> _budget = new("--budget") { Description = "Fit the training to a time, e.g. 9m or 1h30m.", HelpName = "TIME" };
    private readonly Option<string?> _stopAfter = new("--stop-after") { Description = "End this call after a time with everything saved; go on with --resume.", HelpName = "TIME" };
    private readonly Option<bool> _plan = new("--plan") { Description = "Only say what it would take: parameters, bytes, memory, time from 20 measured steps." };
    private readonly Option<double?> _epochs = new("--epochs") { Description = "Passes of the student over the images. [default: by the network and the data]" };
    private readonly Option<double?> _teacherEpochs = new("--teacher-epochs") { Description = "Passes of the teacher." };
    private readonly Option<int?> _batch = new("--batch") { Description = "Images per step." };
    private readonly Option<double?> _rate = new("--lr") { Description = "Peak learning rate of the student." };
    private readonly Option<int?> _imageSize = new("--image-size") { Description = "Side of the network's input in pixels. [default: the student's]" };
    private readonly Option<double?> _temperature = new("--temperature") { Description = "Softens the distillation." };
    private readonly Option<string?> _teacherMean = new("--teacher-mean") { Description = "Means that an ONNX teacher subtracts from red, green, blue in 0..1. [default: its file's, else 0.485,0.456,0.406]", HelpName = "R,G,B" };
    private readonly Option<string?> _teacherStd = new("--teacher-std") { Description = "What it divides them by. [default: its file's, else 0.229,0.224,0.225]", HelpName = "R,G,B" };
    private readonly Option<double?> _teacherWeight = new("--teacher-weight") { Description = "Share of the teacher in the loss, 0 to 1." };
    private readonly Option<double?> _featureWeight = new("--feature-weight") { Description = "Learn which images are alike to the teacher, too; factor on that loss, e.g. 10." };
    private readonly Option<bool> _hard = new("--hard-distillation") { Description = "Learn the teacher's decisions instead of its distribution." };
    private readonly Option<double?> _smoothing = new("--label-smoothing") { Description = "Share of a label's weight that all classes divide, where labels alone are learnt." };
    private readonly Option<double?> _mixup = new("--mixup") { Description = "Mix images as weighted sums; parameter of the beta distribution, e.g. 0.2." };
    private readonly Option<double?> _cutMix = new("--cutmix") { Description = "Mix images by rectangles; parameter of the beta distribution, e.g. 1." };
    private readonly Option<double?> _erase = new("--erase") { Description = "Probability that a rectangle of a training image is erased." };
    private readonly Option<bool?> _flip = new("--flip") { Description = "Mirror training images. [default: by the kind of data]" };
    private readonly Option<int?> _pad = new("--pad") { Description = "Largest shift of training images in pixels." };
    private readonly BinarizationOptions _binarization = new();
    private readonly RegularizationOptions _regularization = new();
    private readonly Option<int?> _accumulate = new("--accumulate") { Description = "Compute a batch in N parts and add up their gradients: less memory." };
    private readonly Option<string?> _checkpointEvery = new("--checkpoint-every") { Description = "Time between checkpoints, e.g. 5m. [default: 1m]", HelpName = "TIME" };
    private readonly Option<string> _device = new("--device") { Description = "auto, cpu, cuda or cuda:i.", HelpName = "DEVICE", DefaultValueFactory = _ => "auto" };
    private readonly Option<string> _precision = new("--precision") { Description = "Products of the training in float32 or bfloat16; auto: bfloat16 where the device has it.", HelpName = "auto|float32|bfloat16", DefaultValueFactory = _ => "auto" };
    private readonly Option<string> _augmentOn = new("--augment-on") { Description = "Where training images are varied: cpu, device (all of them in its memory), or auto: a GPU where it can. The images are the same.", HelpName = "auto|cpu|device", DefaultValueFactory = _ => "auto" };
    private readonly Option<int?> _threads = new("--threads") { Description = "Processor threads of the training." };
    private readonly Option<ulong?> _seed = new("--seed") { Description = "Seed of everything random." };
    private readonly Option<bool> _resume = new("--resume") { Description = "Go on with the run in --out." };
    private readonly Option<bool> _overwrite = new("--overwrite") { Description = "Start again in a folder that holds a run." };
    private readonly Option<bool> _skipBad = new("--skip-bad") { Description = "Leave out images that cannot be decoded, and count them." };
    private readonly Option<string?> _split = new("--split") { Description = "Which folders of the data are what: train=A,val=B,test=C, or some of them. [default: by their names]", HelpName = "FOLDERS" };
    private readonly Option<string> _floats = FloatsOption.Create();
    private readonly Option<int?> _shapesTrain = new("--shapes-train") { Description = "Training images of 'shapes'." };
    private readonly Option<int?> _shapesTest = new("--shapes-test") { Description = "Test images of 'shapes'." };
    private readonly Option<int?> _parityImages = new("--parity-images") { Description = "Images that are compared layer by layer." };

    public ConvertVerb() : base(
        "convert",
        "Trains a teacher, distils a 1-bit student from it, packs it into one file and proves that the file computes what was trained.",
        "convert --data shapes --out runs/demo",
        "convert --data photos/ --out runs/photos --student binaryvit-32 --epochs 30",
        "convert --data photos/ --out runs/photos --student binaryvit-32 --plan",
        "convert --data photos/ --out runs/photos --resume")
    {
        AddAll(
        [
            _data, _out, _student, _floatDownsampling, _branches, _head, _shiftedPatches, _stem, _attentionLevels, _locality, _teacher, _teachersTeacher,
            _init, _plan, _budget, _stopAfter, _epochs, _teacherEpochs, _batch, _rate, _imageSize, _temperature, _teacherWeight, _teacherMean, _teacherStd,
            _featureWeight, _hard, _smoothing, _mixup, _cutMix, _erase, _flip, _pad, .. _regularization.All, .. _binarization.All, _accumulate,
            _checkpointEvery, _device, _precision, _augmentOn, _threads, _seed, _resume, _overwrite, _skipBad, _split, _floats, _shapesTrain, _shapesTest, _parityImages,
        ]);
    }

    protected override int Run(ParseResult arguments, Printer printer)
    {
#if TRAINING
        // Everything that uses torch is behind this call, so that no other verb loads it.
        return Training.ConvertRun.Start(Settings(arguments), printer);
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
        Student = arguments.GetRequiredValue(_student),
        Teacher = arguments.GetRequiredValue(_teacher),
        FloatDownsampling = arguments.GetValue(_floatDownsampling),
        Branches = Kind(arguments.GetValue(_branches)),
        ClassHead = IsClassHead(arguments.GetValue(_head)),
        ShiftedPatches = arguments.GetValue(_shiftedPatches),
        Stem = arguments.GetValue(_stem),
        AttentionLevels = arguments.GetValue(_attentionLevels),
        Locality = arguments.GetValue(_locality),
        TeachersTeacher = arguments.GetValue(_teachersTeacher),
        Init = arguments.GetValue(_init),
        Plan = arguments.GetValue(_plan),
        Budget = Duration.Parse("--budget", arguments.GetValue(_budget)),
        StopAfter = Duration.Parse("--stop-after", arguments.GetValue(_stopAfter)),
        Epochs = arguments.GetValue(_epochs),
        TeacherEpochs = arguments.GetValue(_teacherEpochs),
        BatchSize = arguments.GetValue(_batch),
        LearningRate = arguments.GetValue(_rate),
        ImageSize = arguments.GetValue(_imageSize),
        Temperature = arguments.GetValue(_temperature),
        TeacherMean = Triple.Parse(arguments.GetValue(_teacherMean), "--teacher-mean"),
        TeacherStd = Triple.Parse(arguments.GetValue(_teacherStd), "--teacher-std", positive: true),
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
        CheckpointEvery = Duration.Parse("--checkpoint-every", arguments.GetValue(_checkpointEvery)),
        Device = arguments.GetRequiredValue(_device),
        Precision = arguments.GetRequiredValue(_precision),
        AugmentOn = arguments.GetRequiredValue(_augmentOn),
        Threads = arguments.GetValue(_threads),
        Seed = arguments.GetValue(_seed),
        Resume = arguments.GetValue(_resume),
        Overwrite = arguments.GetValue(_overwrite),
        SkipBad = arguments.GetValue(_skipBad),
        Split = arguments.GetValue(_split),
        Floats = FloatsOption.Parse(arguments.GetRequiredValue(_floats)),
        ShapesTrain = arguments.GetValue(_shapesTrain),
        ShapesTest = arguments.GetValue(_shapesTest),
        ParityImages = arguments.GetValue(_parityImages),
    };

    private static Export.BranchKind? Kind(string? name) => name is null ? null
        : Export.BranchKinds.Parse(name) ?? throw new UserException($"--branches is '{name}', expected {Export.BranchKinds.Names}.", ExitCode.Usage);

    private static bool? IsClassHead(string? name) => name switch
    {
        null => null,
        "mean" => false,
        "class-attention" => true,
        _ => throw new UserException($"--head is '{name}', expected mean or class-attention.", ExitCode.Usage),
    };
#endif
}

using EdgeVit.Export;

namespace EdgeVit.Quantize;

/// <summary>What <see cref="Converter.Convert"/> shall do. Null means: chosen by the network and the size of the data.</summary>
internal sealed partial record ConvertOptions
{
    /// <summary>What <see cref="Device"/>, <see cref="Precision"/> and <see cref="AugmentOn"/> can name besides CUDA devices.</summary>
    internal const string Auto = "auto", Processor = "cpu", OnDevice = "device", Float32 = "float32", BFloat16 = "bfloat16";

    /// <summary>What <see cref="Pretrain"/> can be.</summary>
    internal const string MaskedAutoencoding = "mae";

    /// <summary>What the libraries alone take, nearly.</summary>
    private const long LeastMemory = 300_000_000, MostMemory = 1_000_000_000_000_000;

    /// <summary>Highest <see cref="RandMagnitude"/>.</summary>
    internal const double MostMagnitude = 30;

    /// <summary>A data folder, or <c>shapes</c>.</summary>
    public required string Data { get; init; }

    /// <summary>A folder of pictures without labels, beside the data; the student learns what its teacher says of them. Null for none.</summary>
    public string? Unlabelled { get; init; }

    /// <summary>The run folder: checkpoints, metrics and <c>model.evit</c> go there.</summary>
    public required string Out { get; init; }

    /// <summary>Name of the student's preset, or a JSON file with a custom layout.</summary>
    public string Student { get; init; } = "hybrid-nano";

    /// <summary>Whether the student's convolutions between stages are float; the layout's when null.</summary>
    public bool? FloatDownsampling { get; init; }

    /// <summary>What the student's blocks take from neighbours besides attention; the layout's when null.</summary>
    public EdgeVit.Export.BranchKind? Branches { get; init; }

    /// <summary>Whether the student ends in class attention (true) or the mean of its tokens (false); the layout's when null.</summary>
    public bool? ClassHead { get; init; }

    /// <summary>Whether the student's patches also see the halves of their neighbours; the layout's when null.</summary>
    public bool? ShiftedPatches { get; init; }

    /// <summary>Channels of a float 3x3 convolution before the student's patches, 0 for none; the layout's when null.</summary>
    public int? Stem { get; init; }

    /// <summary>Levels of the student's attention weights above zero, 1 or 3; the layout's when null.</summary>
    public int? AttentionLevels { get; init; }

    /// <summary>Whether the student's attention is locality self-attention; the layout's when null.</summary>
    public bool? Locality { get; init; }

    /// <summary><c>resnet</c>, <c>resnet18</c>, <c>resnet8</c>, <c>convnet</c>, <c>twin</c> (the student in float), <c>vit</c>, <c>vit-spt</c>, <c>vit-lsa</c>,
    /// <c>sl-vit</c>, <c>deit</c> or <c>sl-deit</c> (<see cref="SmallViT"/>): trained here; <c>none</c>: learn from labels
    /// alone; a path: a teacher checkpoint of an earlier run (<c>.safetensors</c>), an ONNX classifier (<c>.onnx</c>) or a model (<c>.evit</c>).
    /// Several with commas between them teach the mean of their probabilities; at most one of them is trained here.</summary>
    public string Teacher { get; init; } = "resnet";

    /// <summary>Files of teachers that a teacher trained here learns from, too; null for labels alone. A teacher with a distillation token
    /// (<c>deit</c>, <c>sl-deit</c>) cannot do without.</summary>
    public string? TeachersTeacher { get; init; }

    /// <summary>A checkpoint that the student starts from: of an earlier run, or of the paper's code. Null: fresh weights.</summary>
    public string? Init { get; init; }

    /// <summary>Time that everything together shall take; the lengths of the trainings are fitted to it. Null: as <see cref="Epochs"/> and
    /// <see cref="TeacherEpochs"/> say.</summary>
    public TimeSpan? Budget { get; init; }

    /// <summary>Time after which this call ends with everything saved, to be continued by <see cref="Resume"/>.</summary>
    public TimeSpan? StopAfter { get; init; }

    /// <summary>The output of an ONNX teacher that has the classes; the one that fits when null.</summary>
    public string? TeacherOutput { get; init; }

    /// <summary>The names of the teacher's classes, in their order; what its file says when null.</summary>
    public IReadOnlyList<string>? TeacherLabels { get; init; }

    /// <summary>Whether a head for the data's classes is trained on a teacher's frozen features; where its classes are not the data's when null.</summary>
    public bool? TeacherHead { get; init; }

    /// <summary>In how many variations an image is shown, each of which the teacher answers beforehand; 0: it is shown in ever others, and the answer to the whole
    /// image is taught where variations keep what it shows.</summary>
    public int TeacherViews { get; init; }

    /// <summary>What an ONNX teacher subtracts from pixels in 0..1, red, green, blue; what its file says when null.</summary>
    public IReadOnlyList<float>? TeacherMean { get; init; }

    /// <summary>What an ONNX teacher divides by.</summary>
    public IReadOnlyList<float>? TeacherStd { get; init; }

    /// <summary>Passes of the student over the training images; fractions count.</summary>
    public double? Epochs { get; init; }

    /// <summary>Passes of the teacher.</summary>
    public double? TeacherEpochs { get; init; }

    /// <summary><c>mae</c>: a teacher that is a vision transformer first learns from all images, without their labels, as a masked autoencoder. Null: it does
    /// not.</summary>
    public string? Pretrain { get; init; }

    /// <summary>Passes of that; as many as the teacher's usual ones when null.</summary>
    public double? PretrainEpochs { get; init; }

    /// <summary>Images per step of the student.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Peak learning rate of the student.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Height and width of the network's input in pixels; the preset's own when null.</summary>
    public int? ImageSize { get; init; }

    /// <summary>Softens both distributions of the distillation.</summary>
    public double Temperature { get; init; } = 2;

    /// <summary>Share of the teacher in the loss, 0 to 1.</summary>
    public double TeacherWeight { get; init; } = 0.9;

    /// <summary>Whether training images are mirrored; by the kind of data when null.</summary>
    public bool? Flip { get; init; }

    /// <summary>Largest shift of training images in pixels; a sixteenth of the image when null.</summary>
    public int? Pad { get; init; }

    /// <summary>Factor on the loss that makes images similar to the student that are similar to the teacher (similarity-preserving distillation); 0 for
    /// none. Needs one teacher, trained here or from a checkpoint.</summary>
    public double FeatureWeight { get; init; }

    /// <summary>Whether the student learns the teacher's decisions instead of its distribution.</summary>
    public bool HardDistillation { get; init; }

    /// <summary>Share of a label's weight that all classes divide, where labels alone are learnt: by the teacher, and by a student without
    /// one.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>Parameter of the beta distribution by which images are mixed as weighted sums; 0 for none.</summary>
    public double Mixup { get; init; }

    /// <summary>The same for rectangles.</summary>
    public double CutMix { get; init; }

    /// <summary>Probability that a rectangle of a training image is erased.</summary>
    public double Erase { get; init; }

    /// <summary>Least share of a training image that a random resized crop shows; 0 for none.</summary>
    public double Crop { get; init; }

    /// <summary>RandAugment's operations in a row; 0 for none.</summary>
    public int RandAugment { get; init; }

    /// <summary>RandAugment's strength, 0 to 30.</summary>
    public double RandMagnitude { get; init; } = 9;

    /// <summary>How often an image is in a batch, varied differently each time.</summary>
    public int Repeats { get; init; } = 1;

    /// <summary>What is left out of the student at random, and whether a mean of its floats is kept.</summary>
    public Regularization Regularization { get; init; } = Regularization.None;

    /// <summary>How weights and activations become bits.</summary>
    public BinarizationSettings Binarization { get; init; } = new();

    /// <summary>Parts of a student's batch whose gradients are added up before the step.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>Bytes that the process may have resident, at most; what is free on the machine when null.</summary>
    public long? Memory { get; init; }

    /// <summary>Time between two checkpoints; those at evaluations and at the end come besides.</summary>
    public TimeSpan CheckpointEvery { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary><c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:i</c>.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>Where training images are shifted, mirrored, normalised, erased and mixed: <c>cpu</c>; <c>device</c>, which keeps them all in its memory; or
    /// <c>auto</c>: the device where it is a GPU and can. The images are the same.</summary>
    public string AugmentOn { get; init; } = "auto";

    /// <summary><c>float32</c>; <c>bfloat16</c>: products and convolutions of the training in it (mixed precision), the rest, evaluation and packing of
    /// the student in float32; or <c>auto</c>: bfloat16 where the device has it.</summary>
    public string Precision { get; init; } = "auto";

    /// <summary>Threads of the training on the processor; as many as there are processors when null.</summary>
    public int? Threads { get; init; }

    /// <summary>Seed of everything random.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Go on with the run in <see cref="Out"/>.</summary>
    public bool Resume { get; init; }

    /// <summary>Replace the run in the folder.</summary>
    public bool Overwrite { get; init; }

    /// <summary>Options of the command line besides data and folder, by their names without dashes, as they were typed; null where there are none. They
    /// decide nothing and stand in <c>config.json</c> for people.</summary>
    public IReadOnlyDictionary<string, string>? Typed { get; init; }

    /// <summary>Leave out images that cannot be decoded.</summary>
    public bool SkipBad { get; init; }

    /// <summary>Which folders hold the training, validation and test images, see <see cref="Imaging.DatasetOptions.Split"/>.</summary>
    public string? Split { get; init; }

    /// <summary>A table with the labels of the pictures, see <see cref="Imaging.DatasetOptions.LabelsCsv"/>.</summary>
    public string? LabelsCsv { get; init; }

    /// <summary>Images whose values are compared layer by layer.</summary>
    public int ParityImages { get; init; } = 16;

    /// <summary>How floats are stored.</summary>
    public FloatPolicy Floats { get; init; }

    /// <summary>Training images of the procedural data set.</summary>
    public int ShapesTrain { get; init; } = 10_000;

    /// <summary>Test images of the procedural data set.</summary>
    public int ShapesTest { get; init; } = 2_000;
}

using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Two dense layers on the pixels: the least that can teach.</summary>
internal sealed class MlpTeacher : nn.Module<Tensor, Tensor>
{
    private readonly Linear hidden;    // [width, 3 * H * W]
    private readonly Linear head;      // [classes, width]

    public MlpTeacher(long classes, long width, int imageSize) : base(nameof(MlpTeacher))
    {
        hidden = nn.Linear(3L * imageSize * imageSize, width);
        head = nn.Linear(width, classes);
        RegisterComponents();
    }

    internal static TeacherKind Kind { get; } = new("mlp", t => new MlpTeacher(t.Classes, 8L * t.Width, t.ImageSize)) { Epochs = 8 };

    public override Tensor forward(Tensor input) => head.call(hidden.call(input.flatten(1)).relu());
}

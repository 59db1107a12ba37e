using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Several teachers as one: the mean of their probabilities. A mean of logits would let the teacher with the largest ones speak for all.</summary>
internal sealed class MeanTeacher : ITeacher, IDisposable
{
    private readonly ITeacher[] _teachers;

    /// <summary>Joins teachers; they are disposed of with it.</summary>
    public MeanTeacher(IReadOnlyList<ITeacher> teachers)
    {
        _teachers = [.. teachers];
        Name = $"mean of {string.Join(", ", teachers.Select(t => t.Name))}";
    }

    public string Name { get; }

    /// <summary>The logarithm of the mean probabilities, <c>[B, classes]</c>: logits whose softmax they are.</summary>
    public Tensor Logits(Tensor images, Batch batch)
    {
        using IDisposable frozen = no_grad();
        Tensor sum = _teachers[0].Logits(images, batch).softmax(1);
        foreach (ITeacher teacher in _teachers.Skip(1))
        {
            sum = sum.add(teacher.Logits(images, batch).softmax(1), One);
        }

        return Logarithm(sum / Number(_teachers.Length));
    }

    /// <summary>Logits of probabilities. One below the smallest normal float would have none.</summary>
    internal static Tensor Logarithm(Tensor probabilities) => probabilities.clamp_min(Number(1e-30)).log();

    public void Dispose()
    {
        foreach (ITeacher teacher in _teachers)
        {
            (teacher as IDisposable)?.Dispose();
        }
    }
}

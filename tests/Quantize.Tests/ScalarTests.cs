using System.Reflection;
using System.Runtime.CompilerServices;
using TorchSharp;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>What tensor operations are given as numbers lives while they run.</summary>
public class ScalarTests
{
    // Calls within TorchSharp that are followed: tensor + tensor makes its scalar in the second.
    private const int Depth = 3;

    private static readonly Dictionary<(MethodBase, int), bool> s_makers = [];

    [Fact]
    public void OnlyScalarsMakesScalars()
    {
        string[] found = [.. typeof(Scalars).Assembly.GetTypes().Where(t => t != typeof(Scalars)).SelectMany(MethodCalls.DeclaredBy).SelectMany(Makers)];
        Assert.True(found.Length == 0, $"These make a scalar that nothing holds while libtorch reads it; use Scalars.Number, or the overload with an alpha and One:\n{string.Join('\n', found)}");
    }

    [Theory]
    [InlineData(nameof(Loose.Conversion), "op_Implicit")]
    [InlineData(nameof(Loose.Factor), "op_Multiply")]
    [InlineData(nameof(Loose.Sum), "op_Addition")]
    [InlineData(nameof(Loose.SumInPlace), "add_")]
    [InlineData(nameof(Loose.Square), "square")]
    [InlineData(nameof(Loose.Explicit), "ToScalar")]
    [InlineData(nameof(Loose.InALambda), "op_Implicit")]
    [InlineData(nameof(Loose.Held), null)]
    public void MembersThatMakeScalarsAreFound(string method, string? call)
    {
        // The compiler puts a lambda into a nested type, under its method's name.
        IEnumerable<Type> types = [typeof(Loose), .. typeof(Loose).GetNestedTypes(BindingFlags.NonPublic)];
        string[] found = [.. types.SelectMany(MethodCalls.DeclaredBy).Where(m => m.Name == method || m.Name.Contains($"<{method}>", StringComparison.Ordinal)).SelectMany(Makers)];
        Assert.Equal(call is null ? [] : [call], found.Select(f => f[(f.LastIndexOf('.') + 1)..]));
    }

    [Fact]
    public void ANumberIsHeldUntilItsThreadHasMadeManyOthers()
    {
        WeakReference number = Make(() => Number(0.5)), loose = Make(() => (Scalar)0.5);
        Collect();
        Assert.True(number.IsAlive);
        Assert.False(loose.IsAlive);

        MakeNumbers(Held - 1);
        Collect();
        Assert.True(number.IsAlive);

        MakeNumbers(1);
        Collect();
        Assert.False(number.IsAlive);
    }

    [Fact]
    public void NumbersOfOtherThreadsTakeNoPlace()
    {
        WeakReference own = Make(() => Number(1L));
        WeakReference? others = null;
        var thread = new Thread(() =>
        {
            MakeNumbers(2 * Held);
            others = Make(() => Number(1L));
        });
        thread.Start();
        thread.Join();
        Collect();
        Assert.True(own.IsAlive);
        Assert.False(others!.IsAlive);
    }

    [Fact]
    public void ProductsHaveTheTypeThatTheKindOfNumberGives()
    {
        (ScalarType Tensor, Func<Tensor, Tensor> Product, Func<Tensor, Tensor> Own, ScalarType Expected)[] cases =
        [
            (ScalarType.Int32, x => x * Number(2), x => x * 2, ScalarType.Int32),
            (ScalarType.Int32, x => x * Number(2L), x => x * 2L, ScalarType.Int32),
            (ScalarType.Int32, x => x * Number(2f), x => x * 2f, ScalarType.Float32),
            (ScalarType.Int32, x => x * Number(2.0), x => x * 2.0, ScalarType.Float32),
            (ScalarType.Float32, x => x * Number(2), x => x * 2, ScalarType.Float32),
            (ScalarType.Float32, x => x * Number(2.0), x => x * 2.0, ScalarType.Float32),
            (ScalarType.BFloat16, x => x * Number(2.0), x => x * 2.0, ScalarType.BFloat16),
            (ScalarType.Float64, x => x * Number(2f), x => x * 2f, ScalarType.Float64),
            (ScalarType.Bool, x => x * Number(2), x => x * 2, ScalarType.Int64),
            (ScalarType.Bool, x => x * Number(true), x => x.mul(true), ScalarType.Bool),
            (ScalarType.Int32, x => x.add(x, One), x => x + x, ScalarType.Int32),
            (ScalarType.Int32, x => x.add(One, One), x => x + 1, ScalarType.Int32),
            (ScalarType.Bool, x => x.add(Zero, One), x => x + 0, ScalarType.Int64),
        ];
        using DisposeScope scope = torch.NewDisposeScope();
        foreach ((ScalarType type, Func<Tensor, Tensor> product, Func<Tensor, Tensor> own, ScalarType expected) in cases)
        {
            Tensor x = torch.ones(3, dtype: type);
            Assert.Equal(expected, product(x).dtype);
            Assert.Equal(expected, own(x).dtype);
            Assert.True(product(x).equal(own(x)).all().item<bool>());
        }
    }

    [Fact]
    public void NumbersKeepTheirValue()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Assert.Equal(0.1, torch.full(1, Number(0.1), dtype: ScalarType.Float64).item<double>());
        Assert.Equal(0.1f, torch.full(1, Number(0.1f), dtype: ScalarType.Float64).item<double>());
        Assert.Equal(float.NegativeInfinity, torch.full(1, Number(float.NegativeInfinity)).item<float>());
        Assert.Equal(int.MinValue, torch.full(1, Number(int.MinValue), dtype: ScalarType.Int64).item<long>());
        Assert.Equal(long.MaxValue, torch.full(1, Number(long.MaxValue), dtype: ScalarType.Int64).item<long>());
        Assert.True(torch.full(1, Number(true), dtype: ScalarType.Bool).item<bool>());
        Assert.False(torch.full(1, Number(false), dtype: ScalarType.Bool).item<bool>());
        Assert.Equal(1, torch.full(1, One, dtype: ScalarType.Int64).item<long>());
        Assert.Equal(0, torch.full(1, Zero, dtype: ScalarType.Int64).item<long>());
    }

    private static IEnumerable<string> Makers(MethodBase method) =>
        MethodCalls.Of(method).Where(c => MakesScalar(c, Depth)).Select(c => $"{method.DeclaringType}.{method.Name}: {c.DeclaringType!.Name}.{c.Name}");

    /// <summary>Whether a method is TorchSharp's and gives a scalar, or calls one that does.</summary>
    private static bool MakesScalar(MethodBase method, int depth)
    {
        if (method.Module != typeof(Scalar).Module)
        {
            return false;
        }

        if (s_makers.TryGetValue((method, depth), out bool known))
        {
            return known;
        }

        bool makes = (method is MethodInfo { ReturnType: Type type } && type == typeof(Scalar)) || (depth > 0 && MethodCalls.Of(method).Any(c => MakesScalar(c, depth - 1)));
        return s_makers[(method, depth)] = makes;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Make(Func<Scalar> number) => new(number());

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void MakeNumbers(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Number(i);
        }
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    /// <summary>Never run; read.</summary>
    private static class Loose
    {
        internal static Tensor Conversion(Tensor x) => x.masked_fill(x, 0);

        internal static Tensor Factor(Tensor x) => x * 2.0;

        internal static Tensor Sum(Tensor x) => x + x;

        internal static Tensor SumInPlace(Tensor x) => x.add_(x);

        internal static Tensor Square(Tensor x) => x.square();

        internal static Scalar Explicit() => 2.0.ToScalar();

        internal static Func<Tensor, Tensor> InALambda() => x => x.le(1);

        internal static Tensor Held(Tensor x) => x.add(x, One).mul_(Number(2.0)) - x;
    }
}

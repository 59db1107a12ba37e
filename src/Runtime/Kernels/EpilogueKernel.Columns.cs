using System.Runtime.CompilerServices;

namespace EdgeVit.Runtime;

/// <content>Operations on a column: those of the tokens take turns, so that a core that runs them in order need not wait.</content>
internal static unsafe partial class EpilogueKernel<TLanes, TVector>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<TVector> Add(Column<TVector> x, Column<TVector> y)
    {
        x.A = TLanes.Add(x.A, y.A);
        if (TLanes.Tokens > 1)
        {
            x.B = TLanes.Add(x.B, y.B);
            x.C = TLanes.Add(x.C, y.C);
            x.D = TLanes.Add(x.D, y.D);
        }

        return x;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<TVector> Add(Column<TVector> x, TVector y)
    {
        x.A = TLanes.Add(x.A, y);
        if (TLanes.Tokens > 1)
        {
            x.B = TLanes.Add(x.B, y);
            x.C = TLanes.Add(x.C, y);
            x.D = TLanes.Add(x.D, y);
        }

        return x;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<TVector> Subtract(Column<TVector> x, TVector y)
    {
        x.A = TLanes.Subtract(x.A, y);
        if (TLanes.Tokens > 1)
        {
            x.B = TLanes.Subtract(x.B, y);
            x.C = TLanes.Subtract(x.C, y);
            x.D = TLanes.Subtract(x.D, y);
        }

        return x;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<TVector> Multiply(Column<TVector> x, TVector y)
    {
        x.A = TLanes.Multiply(x.A, y);
        if (TLanes.Tokens > 1)
        {
            x.B = TLanes.Multiply(x.B, y);
            x.C = TLanes.Multiply(x.C, y);
            x.D = TLanes.Multiply(x.D, y);
        }

        return x;
    }

    /// <summary>sum += x * y, in place: a result of its own would be copied from register to register.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddProduct(ref Column<TVector> sum, Column<TVector> x, TVector y)
    {
        sum.A = TLanes.Fma(x.A, y, sum.A);
        if (TLanes.Tokens > 1)
        {
            sum.B = TLanes.Fma(x.B, y, sum.B);
            sum.C = TLanes.Fma(x.C, y, sum.C);
            sum.D = TLanes.Fma(x.D, y, sum.D);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<TVector> Negative(Column<TVector> x, TVector zero)
    {
        x.A = TLanes.Negative(x.A, zero);
        if (TLanes.Tokens > 1)
        {
            x.B = TLanes.Negative(x.B, zero);
            x.C = TLanes.Negative(x.C, zero);
            x.D = TLanes.Negative(x.D, zero);
        }

        return x;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Column<TVector> Broadcast(TVector x)
    {
        Column<TVector> y = default;
        y.A = x;
        if (TLanes.Tokens > 1)
        {
            y.B = y.C = y.D = x;
        }

        return y;
    }
}

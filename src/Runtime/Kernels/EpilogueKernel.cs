using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace EdgeVit.Runtime;

/// <summary>Epilogues for one vector width: a loop for any, and one for each of the two commonest of a transformer. A block of two vectors x
/// <see cref="ILanes{TVector}.Tokens"/> tokens stays in registers from slot to slot; column j holds vector j of every token, so that a parameter
/// vector is loaded once for all tokens. Scalar twin: the same with <see cref="Lanes1"/>.</summary>
internal static unsafe partial class EpilogueKernel<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    private const uint Neurons = (1U << Slots.Source) | (1U << Slots.Shortcut) | (1U << Slots.RPReLU);
    private const uint LaterShortcuts = (1U << (Slots.Shortcut + 1)) | (1U << (Slots.Shortcut + 2));
    private const uint SecondSign = 1U << (Slots.Sign + 1);
    private const uint HiddenLayer = Neurons | (1U << Slots.Sign) | (1U << Slots.Mean);
    private const uint AttentionBranch = Neurons | (1U << Slots.Store) | (1U << Slots.Sign);
    private const uint BlockOutput = Neurons | (1U << Slots.Residual) | (1U << Slots.Norm);
    private const uint BlockOutputMask = ((1U << Slots.Branch) - 1) | (1U << Slots.Norm) | (1U << Slots.Mean);

    /// <summary>See <see cref="RowKernel.Epilogue"/>.</summary>
    internal static delegate*<Slot*, uint, int, void> Of(ReadOnlySpan<Slot> slots)
    {
        uint present = RowKernel.Present(slots);
        return !AreDirect(slots) ? &Any
            : present == HiddenLayer ? &Hidden
            : (present & ~(LaterShortcuts | SecondSign)) == AttentionBranch && (present & LaterShortcuts) is 0 or LaterShortcuts ? &Branch
            : (present & BlockOutputMask) == BlockOutput && slots[Slots.Residual].P0 != null ? (ArePools(slots) ? &OutputOfPools : &Output)
            : &Any;
    }

    /// <summary>True where counts take a shortcut in, the RPReLU has neither shift nor offset, and rows are the tokens' own; of later shortcuts also one that a
    /// place names.</summary>
    private static bool AreDirect(ReadOnlySpan<Slot> slots)
    {
        Slot shortcut = slots[Slots.Shortcut];
        bool are = slots[Slots.Source].Joins && slots[Slots.RPReLU].P0 == null && shortcut.Places == null && (shortcut.Modulo & (shortcut.Modulo - 1)) == 0;
        for (int i = Slots.Shortcut + 1; i <= Slots.Residual; i++)
        {
            Slot s = slots[i];
            are &= s.Modulo == 0 && (s.Places == null || (i < Slots.RPReLU && s.Rows == 1 && s.Parts == 1 && s.Factor == 1));
        }

        return are;
    }

    /// <summary>The hidden layer of a feed-forward network, which is the most of all float work and is not stored: signs for the next product,
    /// means for its shortcut.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Hidden(Slot* e, uint present, int channels)
    {
        TVector zero = Zero(present);
        int wrap = e[Slots.Shortcut].Modulo - 1;
        for (int c = 0; c < channels; c += 2 * TLanes.Count)
        {
            Neuron(e, c, c & wrap, zero, out Column<TVector> x0, out Column<TVector> x1);
            TLanes.StoreSigns(e + Slots.Sign, c, x0, x1);
            TLanes.StoreMeans(e + Slots.Mean, c, x0, x1);
        }
    }

    /// <summary>A branch of attention or its context, whose shortcuts are three, on a coarser grid perhaps: floats for a shortcut, signs for the next
    /// products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Branch(Slot* e, uint present, int channels)
    {
        TVector zero = Zero(present);
        int n = TLanes.Count;
        int wrap = e[Slots.Shortcut].Modulo - 1;
        for (int c = 0; c < channels; c += 2 * n)
        {
            Slot* s = e + Slots.Shortcut;
            Column<TVector> x0 = Row(s, c & wrap);
            Column<TVector> x1 = Row(s, (c & wrap) + n);
            Joined(e, c, ref x0, ref x1);
            if ((present & LaterShortcuts) != 0)
            {
                AddTaken(s + 1, c, ref x0, ref x1);
                AddTaken(s + 2, c, ref x0, ref x1);
            }

            Leaky(e + Slots.RPReLU, c, zero, ref x0, ref x1);
            Store(e + Slots.Store, c, x0, x1);
            TLanes.StoreSigns(e + Slots.Sign, c, x0, x1);
            if ((present & SecondSign) != 0)
            {
                TLanes.StoreSigns(e + Slots.Sign + 1, c, x0, x1);
            }
        }
    }

    /// <summary>What goes on to the next block: a scaled residual, sums of neighbouring rows, a norm, signs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Output(Slot* e, uint present, int channels)
    {
        TVector zero = Zero(present);
        int wrap = e[Slots.Shortcut].Modulo - 1;
        for (int c = 0; c < channels; c += 2 * TLanes.Count)
        {
            ToBranches(e, c, c & wrap, zero, out Column<TVector> x0, out Column<TVector> x1);
            Branches(e, c, ref x0, ref x1);
            FromBranches(e, present, c, x0, x1);
        }
    }

    /// <summary>What an output adds its branches to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ToBranches(Slot* e, nint c, nint at, TVector zero, out Column<TVector> x0, out Column<TVector> x1)
    {
        Neuron(e, c, at, zero, out Column<TVector> y0, out Column<TVector> y1);
        Slot* s = e + Slots.Residual;
        x0 = Row(s, c);
        x1 = Row(s, c + TLanes.Count);
        AddScaled(s->P0 + c, y0, y1, ref x0, ref x1);
    }

    /// <summary>What an output does with the sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FromBranches(Slot* e, uint present, nint c, Column<TVector> x0, Column<TVector> x1)
    {
        if (Has(present, Slots.Store))
        {
            Store(e + Slots.Store, c, x0, x1);
        }

        Affine(e + Slots.Norm, c, ref x0, ref x1);
        if (Has(present, Slots.NormStore))
        {
            Store(e + Slots.NormStore, c, x0, x1);
        }

        Signs(e, c, x0, x1);
    }

    /// <summary>Counts, a shortcut of which channel c lies at <paramref name="at"/>, an RPReLU without shift and offset.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Neuron(Slot* e, nint c, nint at, TVector zero, out Column<TVector> x0, out Column<TVector> x1)
    {
        nint n = TLanes.Count;
        x0 = Row(e + Slots.Shortcut, at);
        x1 = Row(e + Slots.Shortcut, at + n);
        Joined(e, c, ref x0, ref x1);
        Leaky(e + Slots.RPReLU, c, zero, ref x0, ref x1);
    }

    [SuppressMessage("Maintainability", "CA1502", Justification = "The slots in their order, over a block of channels that stays in registers.")]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Any(Slot* e, uint present, int channels)
    {
        TVector zero = Zero(present);
        nint n = TLanes.Count;
        for (nint c = 0; c < channels; c += 2 * n)
        {
            Column<TVector> x0;
            Column<TVector> x1;
            Slot* s = e + Slots.Shortcut;
            if (e->Joins)
            {
                Rows(s++, c, out x0, out x1);
                Joined(e, c, ref x0, ref x1);
            }
            else if (e->P0 != null)
            {
                TLanes.Counts((short*)e->Row + c, e->Step, out x0, out x1);
                Affine(e, c, ref x0, ref x1);
            }
            else if (e->P2 != null)
            {
                (x0, x1) = WeightedApart(e, c, channels);
            }
            else
            {
                Rows(e, c, out x0, out x1);
            }

            for (; s < e + Slots.RPReLU && s->Space != RowSpace.None; s++)
            {
                Rows(s, c, out Column<TVector> r0, out Column<TVector> r1);
                x0 = Add(x0, r0);
                x1 = Add(x1, r1);
            }

            if (Has(present, Slots.RPReLU))
            {
                s = e + Slots.RPReLU;
                if (s->P0 == null)
                {
                    Leaky(s, c, zero, ref x0, ref x1);
                }
                else
                {
                    (x0, x1) = RPReLU(s, c, x0, x1);
                }
            }

            if (Has(present, Slots.Residual))
            {
                s = e + Slots.Residual;
                Rows(s, c, out Column<TVector> r0, out Column<TVector> r1);
                if (s->P0 == null)
                {
                    x0 = Add(x0, r0);
                    x1 = Add(x1, r1);
                }
                else
                {
                    AddScaled(s->P0 + c, x0, x1, ref r0, ref r1);
                    (x0, x1) = (r0, r1);
                }
            }

            Branches(e, c, ref x0, ref x1);
            if (Has(present, Slots.Store))
            {
                Store(e + Slots.Store, c, x0, x1);
            }

            if (Has(present, Slots.Norm))
            {
                Affine(e + Slots.Norm, c, ref x0, ref x1);
            }

            if (Has(present, Slots.NormStore))
            {
                Store(e + Slots.NormStore, c, x0, x1);
            }

            Signs(e, c, x0, x1);
            if (Has(present, Slots.Mean))
            {
                StoreMeans(e + Slots.Mean, c, x0, x1);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Branches(Slot* e, nint c, ref Column<TVector> x0, ref Column<TVector> x1)
    {
        for (Slot* s = e + Slots.Branch; s < e + Slots.Store && s->Space != RowSpace.None; s++)
        {
            Sum(s, c, out Column<TVector> r0, out Column<TVector> r1);
            if (s->P1 == null)
            {
                AddScaled(s->P0 + c, r0, r1, ref x0, ref x1);
            }
            else
            {
                Affine(s, c, ref r0, ref r1);
                x0 = Add(x0, r0);
                x1 = Add(x1, r1);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Signs(Slot* e, nint c, Column<TVector> x0, Column<TVector> x1)
    {
        for (Slot* s = e + Slots.Sign; s < e + Slots.Mean && s->Space != RowSpace.None; s++)
        {
            TLanes.StoreSigns(s, c, x0, x1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Has(uint present, int slot) => (present & (1U << slot)) != 0;

    /// <summary>0, which the JIT does not know: it would make a constant anew wherever it is used.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Zero(uint present) => TLanes.Broadcast(present >> Slots.Count);
}

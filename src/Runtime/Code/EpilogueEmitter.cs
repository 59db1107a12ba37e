using System.Diagnostics.CodeAnalysis;

namespace EdgeVit.Runtime;

/// <summary>Emits epilogues over some tokens of a tile, a vector of channels at a time: vector t holds token t's block. Parameters are loaded once
/// for all tokens. Scalar twin: <see cref="EpilogueKernel{TLanes, TVector}"/> with <see cref="Lanes1"/>.</summary>
/// <param name="code">Receives the code.</param>
/// <param name="form">The step.</param>
/// <param name="tileTokens">Tokens of the tile.</param>
/// <param name="first">The first token's place in it.</param>
/// <param name="tokens">How many tokens there are.</param>
internal sealed unsafe partial class EpilogueEmitter(VectorCode code, StepForm form, int tileTokens, int first, int tokens)
{
    /// <summary>The first token's place in the tile.</summary>
    internal int First => first;

    /// <summary>How many tokens there are.</summary>
    internal int Tokens => tokens;

    /// <summary>Which of the vectors behind the current channel the block is.</summary>
    internal int Block { get; set; }

    private int Bytes => Block * code.Bytes;

    /// <summary>Emits a pass' slots for one block; means are the hidden layer's own.</summary>
    internal void Emit(int pass)
    {
        for (int slot = 0; slot < Slots.Mean;)
        {
            slot += form.Passes[pass].Has(slot) ? Emit(pass, slot) : 1;
        }
    }

    /// <summary>Emits a slot and what goes together with it.</summary>
    /// <returns>The number of slots.</returns>
    [SuppressMessage("Maintainability", "CA1502", Justification = "One case for each slot, in their order.")]
    private int Emit(int pass, int slot)
    {
        RowPlace place = form.Places[pass, slot];
        Slot s = form.Passes[pass].Items[slot];
        NeighbourRows? rows = form.Passes[pass].Neighbours[slot];
        switch (slot)
        {
            case Slots.Source when s.P0 != null:
                return Counts(place, s.Joins ? form.Places[pass, Slots.Shortcut] : null);
            case Slots.Source when rows is { IsSum: true }:
                SumRows(place, rows);
                break;
            case Slots.Source when rows is { Parts: > 1 }:
                Parts(place, 0);
                break;
            case Slots.Source when s.P2 != null:
                WeightedRows(place, rows!.Rows.Length, ValueShape.Pad(form.Passes[pass].Channels) * sizeof(float));
                break;
            case Slots.Source when place.Access == RowAccess.None:
                break;
            case Slots.Source:
                Row(place, (t, memory) => code.LoadVector(t, memory));
                break;
            case Slots.RPReLU:
                RPReLU(place, s.P0 != null);
                break;
            case Slots.Residual when s.P0 != null:
                Parameters(place, 1);
                Row(place, (t, memory) => code.Fma213(t, code.Parameter, memory));
                break;
            case < Slots.Branch:
                Row(place, code.AddRow);
                break;
            case < Slots.Store when rows is { IsSum: true }:
                return AddNeighbours(pass, slot);
            case < Slots.Store:
                Parts(place, code.Temporary);
                Parameters(place, s.P1 == null ? 1 : 2);
                AddBranch(s.P1 != null);
                break;
            case Slots.Norm:
                Affine(place);
                break;
            case Slots.Store or Slots.NormStore:
                Row(place, (t, memory) => code.StoreVector(memory, t));
                break;
            default:
                Sign(place);
                break;
        }

        return 1;
    }

    /// <summary>Goes on with the blocks at <see cref="VectorCode.Sum"/>.</summary>
    internal void TakeSums() => ForTokens(t => code.MoveVector(t, code.Sum + t));

    internal void ForTokens(Action<int> emit)
    {
        for (int t = 0; t < tokens; t++)
        {
            emit(t);
        }
    }

    /// <summary>Scales counts: those in the vectors, or in scratch where the product leaves them. A shortcut that joins them is taken into their
    /// rounding.</summary>
    private int Counts(RowPlace place, RowPlace? shortcut)
    {
        if (form.Sums is { } sums)
        {
            ForTokens(t => LoadSums(t, sums));
        }

        ForTokens(t => code.Int32ToSingle(t, t));
        if (form.Product is { IsCount: false })
        {
            ForTokens(t => code.Fma213(t, Registers.MinusTwo, Registers.Inputs));
        }

        if (shortcut is { } row)
        {
            Parameters(place, 2);
            Row(row, (t, memory) => code.AddSingle(code.Temporary + t, code.Parameter + 1, memory));
            ForTokens(t => code.Fma213(t, code.Parameter, code.Temporary + t));
            return 2;
        }

        Affine(place);
        return 1;
    }

    private void LoadSums(int token, TableProductForm sums)
    {
        var memory = new Mem(sums.BlockStride > 0 ? Registers.Weights : Registers.Scratch, Avx2Registers.Tables, sums.SumOffset + ((((first + token) * 64) + (Block * code.Lanes)) * sums.SumBytes));
        if (sums.SumBytes == 2)
        {
            code.WidenWords256(token, memory);
        }
        else if (sums.IsCount)
        {
            code.WidenUnsignedBytes256(token, memory);
        }
        else
        {
            code.WidenBytes256(token, memory);
        }
    }

    private void RPReLU(RowPlace place, bool shifts)
    {
        Parameters(place, shifts ? 3 : 1);
        if (!shifts)
        {
            code.Leaky(tokens, code.Parameter);
            return;
        }

        ForTokens(t => code.SubSingle(t, t, code.Parameter));
        code.Leaky(tokens, code.Parameter + 1);
        ForTokens(t => code.AddSingle(t, t, code.Parameter + 2));
    }

    /// <summary>Adds the scaled rows at <see cref="VectorCode.Temporary"/>.</summary>
    private void AddBranch(bool offset)
    {
        if (!offset)
        {
            ForTokens(t => code.Fma231(t, code.Parameter, code.Temporary + t));
            return;
        }

        ForTokens(t => code.Fma213(code.Temporary + t, code.Parameter, code.Parameter + 1));
        ForTokens(t => code.AddSingle(t, t, code.Temporary + t));
    }

    private void Row(RowPlace place, Action<int, Mem> emit)
    {
        switch (place.Access)
        {
            case RowAccess.Scratch:
                ForTokens(t => emit(t, new Mem(Registers.Scratch, place.Index, place.Offset + ((first + t) * place.Stride) + Bytes)));
                break;
            case RowAccess.Table:
                code.Mov(Gpr.Rdi, RowPointers.Slot(place.Slot));
                ForTokens(t =>
                {
                    code.MovSignExtended(Gpr.Rax, new Mem(Gpr.Rdi, (first + t) * sizeof(int)));
                    code.Add(Gpr.Rax, place.Index);
                    emit(t, new Mem(Registers.Arena, Gpr.Rax, Bytes));
                });
                break;
            default:
                code.Mov(Gpr.Rax, RowPointers.Slot(place.Slot));
                ForTokens(t => emit(t, new Mem(Gpr.Rax, place.Index, ((first + t) * place.Stride) + Bytes)));
                break;
        }
    }

    /// <summary>Loads a block of each of a slot's parameter vectors.</summary>
    /// <param name="place">The slot's.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="skip">Literals before theirs.</param>
    private void Parameters(RowPlace place, int count, int skip = 0)
    {
        for (int i = 0; i < count; i++)
        {
            code.Mov(Gpr.Rax, RowPointers.LiteralAt(place.Literal + skip + i));
            code.LoadVector(code.Parameter + i, new Mem(Gpr.Rax, Registers.Channel, Bytes));
        }
    }

    private void Affine(RowPlace place)
    {
        Parameters(place, 2);
        ForTokens(t => code.Fma213(t, code.Parameter, code.Parameter + 1));
    }

    private void Sign(RowPlace place)
    {
        int bits = Block * code.Lanes / 8;
        Parameters(place, 1);
        Mem? real = null;
        if (place.MaskLiteral >= 0)
        {
            code.Mov(Gpr.Rax, RowPointers.LiteralAt(place.MaskLiteral));
            real = new Mem(Gpr.Rax, Registers.BitByte, bits);
        }

        code.Mov(Gpr.Rdi, RowPointers.Slot(place.Slot));
        code.StoreSigns(tokens, code.Parameter, new Mem(Gpr.Rdi, Registers.BitByte, (first * place.Stride) + bits), place.Stride, real);
    }
}

using System.Runtime.CompilerServices;

namespace EdgeVit.Runtime;

/// <content>The four pools of a block (Le and Li 2023, section 3): windows of three and five tokens above and below, and to both sides, over one stored
/// value. Windows of tokens that lie side by side in a row of the grid overlap: 24 rows are loaded for a vector of four tokens in place of 64. The sums and
/// their order are those of <see cref="Sum"/>.</content>
internal static unsafe partial class EpilogueKernel<TLanes, TVector>
{
    /// <summary>True where the branches are the pools, in their order: three above, three beside, five above, five beside.</summary>
    private static bool ArePools(ReadOnlySpan<Slot> slots)
    {
        ReadOnlySpan<Slot> branches = slots.Slice(Slots.Branch, Slots.MostBranches);
        bool are = TLanes.Tokens > 1 && branches[0].Reach == (1, 0) && branches[1].Reach == (0, 1) && branches[2].Reach == (2, 0) && branches[3].Reach == (0, 2);
        foreach (ref readonly Slot s in branches)
        {
            are &= s.Offset == branches[0].Offset && s.P1 == null && s.Factor == 1;
        }

        return are;
    }

    /// <summary><see cref="Output"/> where the branches are the pools.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OutputOfPools(Slot* e, uint present, int channels)
    {
        Slot* s = e + Slots.Branch;
        int* at = s[3].At;
        nint places = s[3].Step;
        if (places == 0 || !LieSideBySide(at, places))
        {
            Output(e, present, channels);
            return;
        }

        byte* arena = s->Row;
        byte* left2 = arena + at[0];
        byte* left1 = arena + at[1];
        byte* right1 = arena + at[(3 * places) + 3];
        byte* right2 = arena + at[(3 * places) + 4];

        // Rows of the first token, and the step to the next one's: none where they are rows of zeros.
        at = s[2].At;
        byte* up2 = arena + at[0];
        byte* up1 = arena + at[1];
        byte* own = arena + at[2];
        byte* down1 = arena + at[3];
        byte* down2 = arena + at[4];
        nint stepUp2 = at[places] - at[0];
        nint stepUp1 = at[places + 1] - at[1];
        nint step = at[places + 2] - at[2];
        nint stepDown1 = at[places + 3] - at[3];
        nint stepDown2 = at[places + 4] - at[4];

        TVector zero = Zero(present);
        nint n = TLanes.Count;
        nint wrap = e[Slots.Shortcut].Modulo - 1;
        for (nint c = 0; c < channels; c += 2 * n)
        {
            ToBranches(e, c, c & wrap, zero, out Column<TVector> x0, out Column<TVector> x1);
            nint b = c * sizeof(float);
            Pools(
                s, c, Rows(own + b, step), Rows(up1 + b, stepUp1), Rows(down1 + b, stepDown1), up2 + b, stepUp2, down2 + b, stepDown2, left2 + b, left1 + b, right1 + b, right2 + b, ref x0);
            b += n * sizeof(float);
            Pools(
                s, c + n, Rows(own + b, step), Rows(up1 + b, stepUp1), Rows(down1 + b, stepDown1), up2 + b, stepUp2, down2 + b, stepDown2, left2 + b, left1 + b, right1 + b, right2 + b, ref x1);
            FromBranches(e, present, c, x0, x1);
        }
    }

    /// <summary>True where each token's right neighbour in its window of five is the next token.</summary>
    private static bool LieSideBySide(int* at, nint places) =>
        at[3] == at[places + 2] && at[places + 3] == at[(2 * places) + 2] && at[(2 * places) + 3] == at[(3 * places) + 2];

    /// <summary>The pools of a vector of channels, each times its scale. A sum of five to the right of a token begins with the sum of three around it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pools(
        Slot* s, nint c, Column<TVector> own, Column<TVector> above, Column<TVector> below, byte* up2, nint stepUp2, byte* down2, nint stepDown2,
        byte* left2, byte* left1, byte* right1, byte* right2, ref Column<TVector> x)
    {
        AddProduct(ref x, Add(Add(above, own), below), TLanes.Load(s[0].P0 + c));
        Column<TVector> tall = Add(Add(Add(Add(Rows(up2, stepUp2), above), own), below), Rows(down2, stepDown2));

        TVector left = TLanes.Load((float*)left1);
        TVector right = TLanes.Load((float*)right1);
        Column<TVector> three = default;
        three.A = TLanes.Add(left, own.A);
        three.B = TLanes.Add(own.A, own.B);
        three.C = TLanes.Add(own.B, own.C);
        three.D = TLanes.Add(own.C, own.D);
        three.A = TLanes.Add(three.A, own.B);
        three.B = TLanes.Add(three.B, own.C);
        three.C = TLanes.Add(three.C, own.D);
        three.D = TLanes.Add(three.D, right);
        AddProduct(ref x, three, TLanes.Load(s[1].P0 + c));
        AddProduct(ref x, tall, TLanes.Load(s[2].P0 + c));

        Column<TVector> five = default;
        five.A = TLanes.Add(TLanes.Load((float*)left2), left);
        five.B = TLanes.Add(three.A, own.C);
        five.C = TLanes.Add(three.B, own.D);
        five.D = TLanes.Add(three.C, right);
        five.A = TLanes.Add(five.A, own.A);
        five.B = TLanes.Add(five.B, own.D);
        five.C = TLanes.Add(five.C, right);
        five.D = TLanes.Add(five.D, TLanes.Load((float*)right2));
        five.A = TLanes.Add(TLanes.Add(five.A, own.B), own.C);
        AddProduct(ref x, five, TLanes.Load(s[3].P0 + c));
    }
}

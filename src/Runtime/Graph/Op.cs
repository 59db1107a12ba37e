namespace EdgeVit.Runtime;

/// <summary>The closed set of graph operations (schema <c>edgevit.graph/4</c>). Shapes: tokens are <c>[N, C]</c>, row-major, token
/// <c>t = y * W + x</c> of a grid <c>[H, W]</c>; bits have the shape of the tokens that they are the signs of, bit 1 meaning +1.</summary>
internal enum Op
{
    /// <summary>Image <c>[Cin, H, W]</c> or tokens with a grid → tokens <c>[H/s * W/s, Cout]</c>. Tensors <c>weight [Cout, Cin, k, k]</c>,
    /// optional <c>bias [Cout]</c>; attributes <c>stride</c>, <c>padding</c> (zeros). Batch norm is folded in.</summary>
    Conv2d,

    /// <summary>Tokens <c>[N, K]</c> → tokens <c>[N, O]</c> in float: tensors <c>weight [O, K]</c>, optional <c>bias [O]</c>.</summary>
    Linear,

    /// <summary>Adds tensor <c>position [N, C]</c> to tokens <c>[N, C]</c>.</summary>
    Position,

    /// <summary>Per channel <c>y = scale * x + offset</c>: every folded batch norm and LayerScale. Tensors <c>scale [C]</c>, <c>offset
    /// [C]</c>.</summary>
    Affine,

    /// <summary>Tokens → bits: <c>x + shift &gt;= 0</c>. Tensor <c>shift [C]</c>. <c>sign(0) = +1</c>.</summary>
    ShiftSign,

    /// <summary>Bits <c>[N, K]</c> → tokens <c>[N, O]</c>: <c>y = scale * s + offset</c>, <c>s</c> the integer dot product of signs.
    /// Tensors <c>weight</c> bits <c>[O, K]</c>, <c>scale [O]</c>, <c>offset [O]</c>. Optional attribute <c>counts</c>, which can only be 1: <c>y =
    /// scale * d + offset</c>, <c>d</c> the number of differing signs.</summary>
    BinaryLinear,

    /// <summary>Bits with a grid <c>[H * W, C]</c> → tokens of the windows' grid, <c>[H' * W', O]</c>. Attribute <c>kernel</c> = k; optional ones
    /// <c>stride</c> (k where absent), <c>padding</c> (0 where absent; signs outside of the grid are +1), <c>dilation</c> (1 where absent; tokens from
    /// tap to tap). Tensors and <c>counts</c> as <see cref="BinaryLinear"/>, <c>weight</c> bits <c>[O, k * k * C]</c> with the reduction ordered kernel
    /// row, kernel column, channel.</summary>
    BinaryConv,

    /// <summary>Query bits <c>[N, C]</c>, key bits <c>[M, C]</c>, value bits <c>[M, C]</c> → tokens <c>[N, C]</c>. Attribute <c>heads</c>;
    /// head g owns channels <c>g * d .. g * d + d - 1</c>. Tensors <c>exp</c> I64 <c>[d + 1]</c> or, a row for each head, <c>[heads, d + 1]</c>
    /// (fixed-point exp of the score with m matches), <c>clip</c> F32 <c>[heads]</c>, <c>scale [C]</c>, <c>offset [C]</c>. The attention bit of a
    /// pair is <c>2 * exp[m] &gt; clip * sum(exp)</c>; <c>y = scale * count + offset</c>, <c>count</c> the sum of the value signs under the
    /// attention bits. Optional attributes: <c>levels</c> L (1 where absent): a pair has L bits, bit j of 1 .. L being <c>2 * exp[m] &gt; (2j - 1) *
    /// (clip * sum(exp))</c>, and <c>count</c> sums over all of them; <c>maskDiagonal</c> 1 (0 where absent): queries and keys are the same tokens,
    /// and a query's own key is in no sum and has no bits; <c>window</c> w: queries and keys are the same tokens of a grid whose sides w divides, and a
    /// query meets the keys of its own window, <c>pattern</c> 0 for blocks of neighbours, 1 for tokens as far apart as there are windows along a side,
    /// <c>shift</c> how far blocks are moved (<see cref="WindowForm"/>). Optional tensor <c>bias</c> I8 <c>[heads, N, M]</c>, with windows <c>[heads, w * w,
    /// w * w]</c> by places in a window: added to the number of matches, which is then brought to 0 .. d; it comes before the table. Optional tensor <c>zero</c> F32 <c>[heads]</c>, the
    /// zero point in levels: bit j is <c>2 * exp[m] &gt; (2j - 1 + 2 * zero) * (clip * sum(exp))</c>.</summary>
    BinaryAttention,

    /// <summary>ReActNet's RPReLU, <c>u = x - shift; y = (u &gt; 0 ? u : slope * u) + offset</c>, computed as <c>fma(min(u, 0), slope - 1, u) +
    /// offset</c>. Tensors <c>shift</c>, <c>slope</c>, <c>offset</c>, all <c>[C]</c>; <c>shift</c> and <c>offset</c> may be absent
    /// together.</summary>
    RPReLU,

    /// <summary>Sum of 2 to 64 tokens <c>[N, C]</c>, left to right. Optional attribute <c>joined</c>, which can only be 1: the first input is a
    /// <see cref="BinaryLinear"/> or <see cref="BinaryConv"/> with <c>counts</c>, or a <see cref="BinaryAttention"/>, that nothing else reads, and the sum
    /// begins with <c>fma(scale, d, second + offset)</c>, scale and offset the product's and d its count.</summary>
    Add,

    /// <summary>Tokens <c>[H * W, C]</c> → average of windows; attributes <c>kernelH</c>, <c>kernelW</c>, <c>strideH</c>, <c>strideW</c>,
    /// <c>paddingH</c>, <c>paddingW</c>. Zero padding is counted: always divided by <c>kernelH * kernelW</c>.
    /// Optional attribute <c>sum</c>, which can only be 1: not divided.</summary>
    AvgPool2d,

    /// <summary>Nearest-neighbour up-sampling of the grid by attribute <c>factor</c>.</summary>
    Upsample,

    /// <summary>Tokens <c>[N, C]</c> → <c>[N, e * C]</c>: channel <c>j</c> is input channel <c>j mod C</c>. Attribute <c>factor</c> = e.</summary>
    TileChannels,

    /// <summary>Tokens <c>[N, C]</c> → <c>[N, C / e]</c>: the mean of e adjacent channels. Attribute <c>factor</c> = e.</summary>
    GroupMeanChannels,

    /// <summary>Tokens <c>[N, C]</c> → <c>[1, C]</c>: the mean over tokens.</summary>
    MeanTokens,

    /// <summary>Per token <c>(x - mean) / sqrt(variance + epsilon) * scale + offset</c> over its channels. Tensors <c>scale [C]</c>,
    /// <c>offset [C]</c>, <c>epsilon</c> F32 <c>[1]</c>.</summary>
    LayerNorm,

    /// <summary><c>x * (1 + erf(x / sqrt 2)) / 2</c>.</summary>
    Gelu,

    /// <summary>Float attention: query <c>[N, C]</c>, key <c>[M, C]</c>, value <c>[M, C]</c> → tokens <c>[N, C]</c>. Attribute <c>heads</c>;
    /// head g owns channels <c>g * d .. g * d + d - 1</c>; scores are divided by <c>sqrt(d)</c>, the softmax runs over the keys.</summary>
    SoftmaxAttention,

    /// <summary>Puts the rows of tensor <c>tokens [K, C]</c>, or of a second input, before tokens <c>[N, C]</c>: <c>[K + N, C]</c> on a grid of
    /// one column.</summary>
    PrependTokens,

    /// <summary>Tokens <c>[N, C]</c> → <c>[count, C]</c> on a grid of one column: attributes <c>start</c>, <c>count</c>.</summary>
    SliceTokens,

    /// <summary>Tokens <c>[H * W, C]</c> → each channel of a token is that of another token: in the channels' blocks of 16 with even numbers
    /// (0 to 15, 32 to 47, ...) of the token attribute <c>rows</c> above and attribute <c>columns</c> to the left, in the odd blocks of that as far
    /// below and to the right. Zeros come in at the border.</summary>
    SpatialShift,

    /// <summary>The first of 2 to 64 tokens <c>[N, C]</c>, then fused multiply-adds <c>y = scale_i * x_i + y</c> of the others in order. Tensors
    /// <c>scale1</c>, <c>scale2</c>, ... of the second input, the third, ..., all <c>[C]</c>, at least one; an input without one is added. <c>joined</c> as <see cref="Add"/>, where there is no
    /// <c>scale1</c>.</summary>
    ScaledSum,

    /// <summary>Tokens with a grid <c>[H * W, C]</c> → tokens of the windows' grid, <c>[H' * W', C]</c>, each channel by itself: <c>acc = bias; acc =
    /// fma(weight, x, acc)</c> in the order kernel row, kernel column; outside of the grid x is 0. Tensors <c>weight [k * k, C]</c>, optional
    /// <c>bias [C]</c>; attributes <c>kernel</c> = k, <c>stride</c>, <c>padding</c>. Batch norm is folded in.</summary>
    DepthwiseConv2d,

    /// <summary>Tokens <c>[N, C]</c> and a gate <c>[1, C]</c> → <c>[N, C]</c>, every token times <c>gate &gt; 0 ? min(gate, 2) : 0</c>, channel by
    /// channel.</summary>
    Gate,
}

namespace EdgeVit.Runtime;

/// <summary>A float product over windows whose tiles lie in one row of the grid.</summary>
/// <param name="Channels">Input channels.</param>
/// <param name="Kernel">Rows and columns of a window.</param>
/// <param name="ChannelStep">Bytes from channel to channel of the input.</param>
/// <param name="RowStep">Bytes from row to row of the input's grid.</param>
/// <param name="PixelStep">Bytes from column to column.</param>
/// <param name="TokenStep">Bytes from window to window.</param>
/// <param name="OutputStep">Bytes from one input's weights to the next's.</param>
/// <param name="InputSlot">Slot of the image's address; -1 where the input lies in the arena.</param>
/// <param name="WindowSlot">Slot of the table with each token's window.</param>
/// <param name="WeightsLiteral">Literal with the address of the weights, <c>[K][padded outputs]</c>.</param>
/// <param name="BiasLiteral">Literal with the bias' address.</param>
internal sealed record FloatProductForm(
    int Channels,
    int Kernel,
    int ChannelStep,
    int RowStep,
    int PixelStep,
    int TokenStep,
    int OutputStep,
    int InputSlot,
    int WindowSlot,
    int WeightsLiteral,
    int BiasLiteral);

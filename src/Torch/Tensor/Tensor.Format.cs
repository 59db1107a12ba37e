using System.Globalization;
using System.Text;

namespace TorchSharp;

/// <summary>How a tensor is written as text.</summary>
public enum TensorStringStyle
{
    /// <summary>Only size, type and device.</summary>
    Metadata,

    /// <summary>Size, type and device, then the elements row by row.</summary>
    Julia,

    /// <summary>The elements in nested brackets.</summary>
    Numpy,

    /// <summary>The elements in nested brackets, with the size.</summary>
    CSharp,

    /// <summary>The style for debugging: size, type and device.</summary>
    Default,
}

public static partial class torch
{
    public partial class Tensor
    {
        private const int MostRows = 6;

        /// <summary>Size, type and device.</summary>
        public override string ToString() => ToString(TensorStringStyle.Metadata);

        /// <summary>The tensor as text; of dimensions longer than six only the ends are shown.</summary>
        public string ToString(TensorStringStyle style, string? fltFormat = "g5", int? width = 100, CultureInfo? cultureInfo = null,
            string? newLine = "")
        {
            if (IsInvalid) return "(disposed tensor)";
            string head = $"[{string.Join('x', shape)}], type = {dtype}, device = {device}";
            if (style is TensorStringStyle.Metadata or TensorStringStyle.Default) return head;
            using DisposeScope scope = NewDisposeScope();
            double[] values = detach().cpu().to(ScalarType.Float64).contiguous().data<double>().ToArray();
            var text = new StringBuilder();
            Append(text, values, shape, 0, 0, fltFormat ?? "g5", cultureInfo ?? CultureInfo.InvariantCulture);
            return style == TensorStringStyle.Numpy ? text.ToString() : $"{head}{Environment.NewLine}{text}";
        }

        /// <summary>The elements as text.</summary>
        public string str(string? fltFormat = "g5", int? width = 100, string? newLine = "", CultureInfo? cultureInfo = null,
            TensorStringStyle style = TensorStringStyle.Julia)
            => ToString(style, fltFormat, width, cultureInfo, newLine);

        private static void Append(StringBuilder text, double[] values, long[] shape, int dimension, long offset, string format,
            CultureInfo culture)
        {
            if (dimension == shape.Length)
            {
                text.Append(values[offset].ToString(format, culture));
                return;
            }
            long stride = 1;
            for (int i = dimension + 1; i < shape.Length; i++) stride *= shape[i];
            text.Append('[');
            for (long i = 0; i < shape[dimension]; i++)
            {
                if (i > 0) text.Append(dimension == shape.Length - 1 ? ", " : ",\n" + new string(' ', dimension + 1));
                if (shape[dimension] > MostRows && i == MostRows / 2)
                {
                    text.Append("...");
                    i = shape[dimension] - (MostRows / 2) - 1;
                    continue;
                }
                Append(text, values, shape, dimension + 1, offset + (i * stride), format, culture);
            }
            text.Append(']');
        }
    }
}

namespace EdgeVit.Export.Onnx;

/// <summary>Element types of ONNX values; the numbers are the format's.</summary>
internal enum OnnxType
{
    Float = 1, UInt8 = 2, Int8 = 3, Int32 = 6, Int64 = 7, Bool = 9, Double = 11,
}

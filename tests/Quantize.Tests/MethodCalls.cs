using System.Reflection;
using System.Reflection.Emit;

namespace EdgeVit.Quantize.Tests;

/// <summary>Reads in compiled code what calls what; overrides of a virtual method are not looked for.</summary>
internal static class MethodCalls
{
    private const BindingFlags Own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
    private const int TwoBytes = 0xFE;

    private static readonly Dictionary<int, OpCode> s_codes =
        typeof(OpCodes).GetFields().Select(f => (OpCode)f.GetValue(null)!).ToDictionary(c => (int)(ushort)c.Value);

    /// <summary>The methods and constructors that a type declares.</summary>
    internal static IEnumerable<MethodBase> DeclaredBy(Type type) => [.. type.GetMethods(Own), .. type.GetConstructors(Own)];

    /// <summary>What the body of a method calls or makes a delegate of.</summary>
    internal static IEnumerable<MethodBase> Of(MethodBase method)
    {
        byte[] code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (int at = 0; at < code.Length;)
        {
            int value = code[at++];
            OpCode operation = s_codes[value == TwoBytes ? (value << 8) | code[at++] : value];
            if (operation.OperandType == OperandType.InlineMethod)
            {
                yield return method.Module.ResolveMethod(BitConverter.ToInt32(code, at), TypeArguments(method), MethodArguments(method))!;
            }

            at += operation.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }

    private static Type[]? TypeArguments(MethodBase method) => method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null;

    private static Type[]? MethodArguments(MethodBase method) => method.IsGenericMethod ? method.GetGenericArguments() : null;
}

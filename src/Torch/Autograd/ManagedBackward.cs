using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class autograd
    {
        /// <summary>
        /// What libtorch calls when its backward pass reaches a function written in C#. No exception leaves these methods.
        /// </summary>
        internal static unsafe class ManagedBackward
        {
            private static (string Text, Exception Error)? s_failure;

            static ManagedBackward() => Native.ev_autograd_callbacks(&Backward, &Release);

            /// <summary>Registers the callbacks, once.</summary>
            internal static void Register()
            {
            }

            /// <summary>The exception behind a failed backward pass, if the text is its message.</summary>
            internal static Exception? TakeFailure(string text)
            {
                (string Text, Exception Error)? failure = s_failure;
                if (failure is null || failure.Value.Text != text) return null;
                s_failure = null;
                return failure.Value.Error;
            }

            [UnmanagedCallersOnly]
            private static int Backward(nint context, nint node, nint* grads, long gradCount, nint* results, long resultCount, byte* text,
                long capacity)
            {
                try
                {
                    using DisposeScope scope = NewDisposeScope();
                    var outputs = new List<Tensor>((int)gradCount);
                    for (long i = 0; i < gradCount; i++) outputs.Add(grads[i] == 0 ? null! : new Tensor(grads[i]));
                    var state = (AutogradContext)GCHandle.FromIntPtr(context).Target!;
                    state.Node = node;
                    try
                    {
                        Collect(state, state.Owner!.BackwardAll(state, outputs), new Span<nint>(results, (int)resultCount));
                    }
                    finally
                    {
                        state.Node = 0;
                    }
                    return 0;
                }
                catch (Exception error)
                {
                    Fail(error, new Span<byte>(text, (int)capacity));
                    return -1;
                }
            }

            [UnmanagedCallersOnly]
            private static void Release(nint context)
            {
                GCHandle handle = GCHandle.FromIntPtr(context);
                handle.Free();
            }

            // One gradient per argument of apply() comes back; libtorch wants one per tensor argument, in handles of its own.
            private static void Collect(AutogradContext state, List<Tensor> grads, Span<nint> results)
            {
                string name = state.Owner!.Name;
                int count = state.IsTensor.Length;
                if (grads.Count < count || grads.Skip(count).Any(g => g is not null))
                    throw new InvalidOperationException($"{name}.backward returned {grads.Count} gradients for {count} arguments.");
                int next = 0;
                for (int i = 0; i < state.IsTensor.Length; i++)
                {
                    Tensor? grad = grads[i];
                    if (!state.IsTensor[i])
                    {
                        if (grad is not null)
                            throw new InvalidOperationException($"{name}.backward gave argument {i + 1}, no tensor, a gradient.");
                        continue;
                    }
                    if (grad is not null) results[next] = Native.ev_share(grad.H);
                    GC.KeepAlive(grad);
                    next++;
                }
            }

            [MethodImpl(MethodImplOptions.NoInlining)]
            private static void Fail(Exception error, Span<byte> text)
            {
                string message = $"{error.GetType().Name} in the backward pass: {error.Message}";
                Encoding.UTF8.GetEncoder().Convert(message, text[..^1], true, out _, out int written, out _);
                text[written] = 0;
                s_failure = (Encoding.UTF8.GetString(text[..written]), error);
            }
        }
    }
}

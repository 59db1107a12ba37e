using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class autograd
    {
        /// <summary>What a function's forward pass leaves for its backward pass.</summary>
        public class AutogradContext : IDisposable
        {
            private readonly Dictionary<string, object> _data = [];

            internal AutogradContext()
            {
            }

            internal List<Tensor> Saved { get; private set; } = [];

            internal List<Tensor> Dirty { get; private set; } = [];

            internal List<Tensor> Constant { get; private set; } = [];

            /// <summary>Which arguments of apply() were tensors.</summary>
            internal bool[] IsTensor { get; set; } = [];

            internal Function? Owner { get; set; }

            /// <summary>The native node; only while its backward pass runs.</summary>
            internal nint Node { get; set; }

            /// <summary>Whether missing output gradients arrive as zeros (default) or as null.</summary>
            public bool MaterializeGrads { get; private set; } = true;

            /// <summary>
            /// Keeps tensors (inputs, outputs or temporaries) for the backward pass, checked against later in-place changes.
            /// </summary>
            public void save_for_backward(List<Tensor> tensors) => Saved = [.. tensors];

            /// <summary>Keeps anything but tensors for the backward pass.</summary>
            public void save_data(string key, object value) => _data[key] = value;

            /// <summary>What <see cref="save_data"/> kept, or null.</summary>
            public object? get_data(string key) => _data.GetValueOrDefault(key);

            /// <summary>Declares inputs that forward() changed in place; they must also be returned.</summary>
            public void mark_dirty(List<Tensor> tensors) => Dirty = [.. tensors];

            /// <summary>Declares outputs that have no gradient.</summary>
            public void mark_non_differentiable(List<Tensor> tensors) => Constant = [.. tensors];

            /// <summary>Sets <see cref="MaterializeGrads"/>.</summary>
            public void set_materialize_grads(bool value) => MaterializeGrads = value;

            /// <summary>The saved tensors, in the order of <see cref="save_for_backward"/>; only inside backward().</summary>
            /// <exception cref="InvalidOperationException">No backward pass is running.</exception>
            public unsafe List<Tensor> get_saved_variables()
            {
                if (Node == 0)
                    throw new InvalidOperationException("Saved tensors can only be read while the function's backward pass runs.");
                long count;
                return [.. Tensor.Many(Native.ev_function_saved(Node, &count), count)];
            }

            /// <summary>Drops what was kept.</summary>
            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            /// <summary>Drops what was kept.</summary>
            protected virtual void Dispose(bool disposing)
            {
                _data.Clear();
                DropTensors();
            }

            // From here on the native node holds what is needed.
            internal void DropTensors()
            {
                Saved = [];
                Dirty = [];
                Constant = [];
            }
        }
    }
}

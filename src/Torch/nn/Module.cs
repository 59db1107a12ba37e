using System.Reflection;
using TorchSharp.Modules;
using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Layers, losses and functions of neural networks.</summary>
    public static partial class nn
    {
        /// <summary>
        /// A part of a network: parameters, buffers and inner modules under names. Call <see cref="RegisterComponents"/> at the end of the
        /// constructor: it registers the fields under their names.
        /// </summary>
        public partial class Module : IDisposable
        {
            private readonly List<(string Name, Module Value)> _modules = [];
            private readonly List<(string Name, Parameter Value)> _parameters = [];
            private readonly List<(string Name, Tensor Value, bool Persistent)> _buffers = [];
            private bool _registered;
            private bool _training = true;

            /// <summary>A module with a name for messages.</summary>
            protected Module(string name) => Name = name;

            private string Name { get; }

            /// <summary>The module's name.</summary>
            public virtual string GetName() => Name;

            /// <summary>Whether the module is in training mode (the start) or in evaluation mode.</summary>
            public virtual bool training => _training;

            /// <summary>Registers the fields that hold modules, parameters and tensors (as buffers), under the fields' names.</summary>
            protected virtual void RegisterComponents()
            {
                if (_registered) return;
                _registered = true;
                foreach (FieldInfo field in ComponentFields())
                {
                    string name = NameOf(field);
                    if (IsTaken(name)) continue;
                    switch (field.GetValue(this))
                    {
                        case Module module: register_module(name, module); break;
                        case Parameter parameter: register_parameter(name, parameter); break;
                        case Tensor tensor: register_buffer(name, tensor); break;
                        default: break;
                    }
                }
            }

            /// <summary>Adds a parameter. It leaves its dispose scope: the module owns it.</summary>
            public virtual void register_parameter(string name, Parameter param)
            {
                ArgumentNullException.ThrowIfNull(param);
                RequireFree(name);
                param.DetachFromDisposeScope();
                _parameters.Add((name, param));
            }

            /// <summary>Adds a tensor that is part of the state but not trained. It leaves its dispose scope.</summary>
            public virtual void register_buffer(string name, Tensor tensor, bool persistent = true)
            {
                ArgumentNullException.ThrowIfNull(tensor);
                RequireFree(name);
                tensor.DetachFromDisposeScope();
                _buffers.Add((name, tensor, persistent));
            }

            /// <summary>Adds an inner module.</summary>
            public virtual void register_module(string name, Module submodule)
            {
                if (submodule is null)
                {
                    _modules.RemoveAll(m => m.Name == name);
                    return;
                }
                if (name.Contains('.', StringComparison.Ordinal)) throw new ArgumentException($"The module name '{name}' contains a dot.");
                ArgumentException.ThrowIfNullOrEmpty(name);
                RequireFree(name);
                submodule.RegisterComponents();
                _modules.Add((name, submodule));
            }

            /// <summary>Adds an inner module.</summary>
            public void add_module(string name, Module module) => register_module(name, module);

            /// <summary>The inner modules and their names.</summary>
            public virtual IEnumerable<(string name, Module module)> named_children() => _modules;

            /// <summary>The inner modules.</summary>
            public virtual IEnumerable<Module> children() => named_children().Select(c => c.module);

            /// <summary>All modules inside this one, at any depth, and their dotted names.</summary>
            public virtual IEnumerable<(string name, Module module)> named_modules()
            {
                foreach ((string name, Module module) child in named_children()) yield return child;
                foreach ((string name, Module module) in named_children())
                    foreach ((string inner, Module value) in module.named_modules()) yield return ($"{name}.{inner}", value);
            }

            /// <summary>All modules inside this one, at any depth.</summary>
            public virtual IEnumerable<Module> modules() => named_modules().Select(m => m.module);

            /// <summary>The parameters and their dotted names, each parameter once.</summary>
            public virtual IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true)
            {
                var seen = new HashSet<Tensor>(ReferenceEqualityComparer.Instance);
                foreach ((string name, Parameter value) in _parameters)
                    if (seen.Add(value)) yield return (name, value);
                if (!recurse) yield break;
                foreach ((string name, Module module) in named_children())
                    foreach ((string inner, Parameter value) in module.named_parameters())
                        if (seen.Add(value)) yield return ($"{name}.{inner}", value);
            }

            /// <summary>The parameters, each once.</summary>
            public virtual IEnumerable<Parameter> parameters(bool recurse = true) => named_parameters(recurse).Select(p => p.parameter);

            /// <summary>The persistent buffers and their dotted names.</summary>
            public virtual IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_nonpersistent = true)
            {
                var seen = new HashSet<Tensor>(ReferenceEqualityComparer.Instance);
                foreach ((string name, Tensor value, bool persistent) in _buffers)
                    if (persistent && seen.Add(value)) yield return (name, value);
                if (!recurse) yield break;
                foreach ((string name, Module module) in named_children())
                    foreach ((string inner, Tensor value) in module.named_buffers(true, include_nonpersistent))
                        if (seen.Add(value)) yield return ($"{name}.{inner}", value);
            }

            /// <summary>The persistent buffers.</summary>
            public virtual IEnumerable<Tensor> buffers(bool recurse = true, bool include_nonpersistent = true)
                => named_buffers(recurse, include_nonpersistent).Select(b => b.buffer);

            /// <summary>Whether there is a parameter of this dotted name.</summary>
            public virtual bool has_parameter(string target) => get_parameter(target) is not null;

            /// <summary>Whether there is a buffer of this dotted name.</summary>
            public virtual bool has_buffer(string target) => get_buffer(target) is not null;

            /// <summary>The parameter of this dotted name, or null.</summary>
            public virtual Parameter? get_parameter(string target) => named_parameters().FirstOrDefault(p => p.name == target).parameter;

            /// <summary>The buffer of this dotted name, or null.</summary>
            public virtual Tensor? get_buffer(string target) => named_buffers().FirstOrDefault(b => b.name == target).buffer;

            /// <summary>Calls a function for every module inside and then for this one.</summary>
            public virtual Module apply(Action<Module> fn)
            {
                foreach (Module child in children()) child.apply(fn);
                fn(this);
                return this;
            }

            /// <summary>Switches this module and those inside to training mode (or, given false, to evaluation mode).</summary>
            public virtual void train(bool train = true)
            {
                _training = train;
                foreach (Module child in children()) child.train(train);
            }

            /// <summary>Switches to evaluation mode.</summary>
            public virtual void eval() => train(false);

            /// <summary>Drops the parameters' gradients, or fills them with zeros.</summary>
            public virtual void zero_grad(bool set_to_none = true) => ZeroGrads(parameters(), !set_to_none);

            /// <summary>Frees the parameters and buffers of this module and those inside.</summary>
            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            /// <summary>Frees the parameters and buffers of this module and those inside.</summary>
            protected virtual void Dispose(bool disposing)
            {
                if (!disposing) return;
                foreach ((string _, Parameter value) in _parameters) value.Dispose();
                foreach ((string _, Tensor value, bool _) in _buffers) value.Dispose();
                foreach (Module child in children()) child.Dispose();
            }

            internal static unsafe void ZeroGrads(IEnumerable<Parameter> parameters, bool zero)
            {
                Parameter[] all = [.. parameters];
                nint[] handles = Handles(all);
                fixed (nint* p = handles)
                {
                    int status = Interop.Native.ev_zero_grads(p, handles.Length, Interop.Native.Flag(zero));
                    GC.KeepAlive(all);
                    Interop.Native.Check(status);
                }
            }

            /// <summary>Drops the inner modules (used by containers that rebuild their list).</summary>
            protected void ClearModules() => _modules.Clear();

            private static string NameOf(FieldInfo field) => field.GetCustomAttribute<ComponentNameAttribute>()?.Name ?? field.Name;

            private IEnumerable<FieldInfo> ComponentFields()
            {
                const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
                var seen = new HashSet<string>();
                for (Type? type = GetType(); type is not null && type != typeof(Module); type = type.BaseType)
                    foreach (FieldInfo field in type.GetFields(Own))
                        if (seen.Add(field.Name)) yield return field;
            }

            private bool IsTaken(string name)
                => _modules.Exists(m => m.Name == name) || _parameters.Exists(p => p.Name == name) || _buffers.Exists(b => b.Name == name);

            private void RequireFree(string name)
            {
                if (IsTaken(name)) throw new InvalidOperationException($"'{name}' is already registered in {GetName()}.");
            }
        }
    }
}

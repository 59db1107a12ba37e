using System.Collections;
using TorchSharp.Modules;

namespace TorchSharp.Modules
{
    /// <summary>Modules in order; in state_dict() their names are 0, 1, ...</summary>
    public class ModuleList<T> : torch.nn.Module, IList<T> where T : torch.nn.Module
    {
        private readonly List<T> _list = [];

        /// <summary>A list of modules.</summary>
        public ModuleList(params T[] modules) : base(nameof(ModuleList<T>)) => extend(modules);

        /// <inheritdoc/>
        public T this[int index]
        {
            get => _list[index];
            set
            {
                _list[index] = value;
                Rebuild();
            }
        }

        /// <inheritdoc/>
        public int Count => _list.Count;

        /// <inheritdoc/>
        public bool IsReadOnly => false;

        /// <summary>Adds modules at the end.</summary>
        public void append(params T[] parameters) => extend(parameters);

        /// <summary>Adds modules at the end.</summary>
        public void extend(IEnumerable<T> modules)
        {
            foreach (T module in modules) Add(module);
        }

        /// <inheritdoc/>
        public void Add(T item)
        {
            register_module(_list.Count.ToString(System.Globalization.CultureInfo.InvariantCulture), item);
            _list.Add(item);
        }

        /// <inheritdoc/>
        public void Clear()
        {
            _list.Clear();
            ClearModules();
        }

        /// <inheritdoc/>
        public bool Contains(T item) => _list.Contains(item);

        /// <inheritdoc/>
        public void CopyTo(T[] array, int arrayIndex) => _list.CopyTo(array, arrayIndex);

        /// <inheritdoc/>
        public IEnumerator<T> GetEnumerator() => _list.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        /// <inheritdoc/>
        public int IndexOf(T item) => _list.IndexOf(item);

        /// <inheritdoc/>
        public void Insert(int index, T item)
        {
            _list.Insert(index, item);
            Rebuild();
        }

        /// <inheritdoc/>
        public bool Remove(T item)
        {
            bool removed = _list.Remove(item);
            Rebuild();
            return removed;
        }

        /// <inheritdoc/>
        public void RemoveAt(int index)
        {
            _list.RemoveAt(index);
            Rebuild();
        }

        /// <summary>Nothing to find in fields.</summary>
        protected override void RegisterComponents()
        {
        }

        private void Rebuild()
        {
            T[] all = [.. _list];
            Clear();
            extend(all);
        }
    }

    /// <summary>Modules by name.</summary>
    public class ModuleDict<T> : torch.nn.Module, IEnumerable<(string, T)> where T : torch.nn.Module
    {
        private readonly List<(string, T)> _list = [];

        /// <summary>An empty dictionary of modules.</summary>
        public ModuleDict() : base(nameof(ModuleDict<T>))
        {
        }

        /// <summary>The number of modules.</summary>
        public int Count => _list.Count;

        /// <summary>The names, in order.</summary>
        public IEnumerable<string> keys() => _list.Select(e => e.Item1);

        /// <summary>The modules, in order.</summary>
        public IEnumerable<T> values() => _list.Select(e => e.Item2);

        /// <summary>The names and modules, in order.</summary>
        public IEnumerator<(string, T)> items() => _list.GetEnumerator();

        /// <summary>The module of this name.</summary>
        public T this[string key]
            => TryGetValue(key, out T? value) ? value : throw new KeyNotFoundException($"There is no module '{key}'.");

        /// <summary>Adds a module.</summary>
        public void Add(string key, T value)
        {
            register_module(key, value);
            _list.Add((key, value));
        }

        /// <summary>Adds a module.</summary>
        public void Add((string, T) item) => Add(item.Item1, item.Item2);

        /// <summary>Whether there is a module of this name.</summary>
        public bool ContainsKey(string key) => _list.Exists(e => e.Item1 == key);

        /// <summary>Finds a module by name.</summary>
        public bool TryGetValue(string key, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out T value)
        {
            int index = _list.FindIndex(e => e.Item1 == key);
            value = index < 0 ? null : _list[index].Item2;
            return index >= 0;
        }

        /// <inheritdoc/>
        public IEnumerator<(string, T)> GetEnumerator() => _list.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        /// <summary>Nothing to find in fields.</summary>
        protected override void RegisterComponents()
        {
        }
    }

    /// <summary>
    /// Modules that run one after the other, each on the result of the one before; their names are 0, 1, ... unless given.
    /// </summary>
    public class Sequential : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        private readonly List<torch.nn.Module<torch.Tensor, torch.Tensor>> _list = [];

        internal Sequential() : base(nameof(Sequential))
        {
        }

        /// <summary>The number of modules.</summary>
        public int Count => _list.Count;

        /// <summary>The module at a position.</summary>
        public torch.nn.IModule<torch.Tensor, torch.Tensor> this[int index] => _list[index];

        /// <summary>Adds a module at the end, under a name.</summary>
        public Sequential append(string name, torch.nn.IModule<torch.Tensor, torch.Tensor> module)
        {
            var item = (torch.nn.Module<torch.Tensor, torch.Tensor>)module;
            register_module(name, item);
            _list.Add(item);
            return this;
        }

        /// <summary>Adds a module at the end, under its number.</summary>
        public Sequential append(torch.nn.IModule<torch.Tensor, torch.Tensor> module)
            => append(_list.Count.ToString(System.Globalization.CultureInfo.InvariantCulture), module);

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor tensor)
        {
            if (_list.Count == 0) return tensor.alias();
            using DisposeScope scope = torch.NewDisposeScope();
            torch.Tensor value = tensor;
            foreach (torch.nn.Module<torch.Tensor, torch.Tensor> module in _list) value = module.call(value);
            return scope.MoveToOuter(value);
        }

        /// <summary>Nothing to find in fields.</summary>
        protected override void RegisterComponents()
        {
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>A list of modules.</summary>
            public static ModuleList<Module> ModuleList(params Module[] modules) => new(modules);

            /// <summary>A list of modules of one type.</summary>
            public static ModuleList<T> ModuleList<T>(params T[] modules) where T : Module => new(modules);

            /// <summary>Modules by name.</summary>
            public static ModuleDict<Module> ModuleDict(params (string, Module)[] modules) => ModuleDict<Module>(modules);

            /// <summary>Modules of one type by name.</summary>
            public static ModuleDict<T> ModuleDict<T>(params (string, T)[] modules) where T : Module
            {
                var result = new ModuleDict<T>();
                foreach ((string name, T module) in modules) result.Add(name, module);
                return result;
            }

            /// <summary>An empty sequence; use append().</summary>
            public static Sequential Sequential() => new();

            /// <summary>Named modules that run one after the other.</summary>
            public static Sequential Sequential(params (string name, Module<Tensor, Tensor> submodule)[] modules)
                => Sequential((IEnumerable<(string name, Module<Tensor, Tensor> submodule)>)modules);

            /// <summary>Modules that run one after the other.</summary>
            public static Sequential Sequential(params Module<Tensor, Tensor>[] modules)
                => Sequential((IEnumerable<Module<Tensor, Tensor>>)modules);

            /// <summary>Named modules that run one after the other.</summary>
            public static Sequential Sequential(IEnumerable<(string name, Module<Tensor, Tensor> submodule)> modules)
            {
                var result = new Sequential();
                foreach ((string name, Module<Tensor, Tensor> module) in modules) result.append(name, module);
                return result;
            }

            /// <summary>Modules that run one after the other.</summary>
            public static Sequential Sequential(IEnumerable<Module<Tensor, Tensor>> modules)
            {
                var result = new Sequential();
                foreach (Module<Tensor, Tensor> module in modules) result.append(module);
                return result;
            }
        }
    }
}

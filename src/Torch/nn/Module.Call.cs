namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>Something that can be called with one argument.</summary>
        public interface IModule<T, TResult>
        {
            /// <summary>Runs the module.</summary>
            TResult call(T input1);
        }

        /// <summary>
        /// A module whose calls can be observed. Hooks run before and after forward(); a result other than null replaces the value.
        /// </summary>
        public class HookableModule<TPreHook, TPostHook> : Module
        {
            private readonly List<TPreHook> _before = [];
            private readonly List<TPostHook> _after = [];

            /// <summary>A module with a name for messages.</summary>
            protected HookableModule(string name) : base(name)
            {
            }

            internal IReadOnlyList<TPreHook> Before => _before;

            internal IReadOnlyList<TPostHook> After => _after;

            /// <summary>Calls a function after every forward().</summary>
            public HookRemover register_forward_hook(TPostHook hook)
            {
                _after.Add(hook);
                return new HookRemover(() => _after.Remove(hook));
            }

            /// <summary>Calls a function before every forward().</summary>
            public HookRemover register_forward_pre_hook(TPreHook hook)
            {
                _before.Add(hook);
                return new HookRemover(() => _before.Remove(hook));
            }

            /// <summary>Takes a hook away again.</summary>
            public class HookRemover
            {
                private readonly Action _remove;

                internal HookRemover(Action remove) => _remove = remove;

                /// <summary>Takes the hook away.</summary>
                public void remove() => _remove();
            }
        }

        /// <summary>A module of one argument.</summary>
        public abstract class Module<T, TResult>
            : HookableModule<Func<Module<T, TResult>, T, T>, Func<Module<T, TResult>, T, TResult, TResult>>, IModule<T, TResult>
        {
            /// <summary>A module with a name for messages.</summary>
            protected Module(string name) : base(name)
            {
            }

            /// <summary>Computes the result. Use <see cref="call"/>, which also runs the hooks.</summary>
            public abstract TResult forward(T input);

            /// <summary>Runs the hooks and forward().</summary>
            public TResult call(T input)
            {
                foreach (var hook in Before) input = hook(this, input) ?? input;
                TResult result = forward(input);
                foreach (var hook in After) result = hook(this, input, result) ?? result;
                return result;
            }
        }

        /// <summary>A module of two arguments.</summary>
        public abstract class Module<T1, T2, TResult> : HookableModule<Func<Module<T1, T2, TResult>, T1, T2, (T1, T2)?>,
            Func<Module<T1, T2, TResult>, T1, T2, TResult, TResult>>
        {
            /// <summary>A module with a name for messages.</summary>
            protected Module(string name) : base(name)
            {
            }

            /// <summary>Computes the result. Use <see cref="call"/>, which also runs the hooks.</summary>
            public abstract TResult forward(T1 input1, T2 input2);

            /// <summary>Runs the hooks and forward().</summary>
            public TResult call(T1 input1, T2 input2)
            {
                foreach (var hook in Before) (input1, input2) = hook(this, input1, input2) ?? (input1, input2);
                TResult result = forward(input1, input2);
                foreach (var hook in After) result = hook(this, input1, input2, result) ?? result;
                return result;
            }
        }

        /// <summary>A module of three arguments.</summary>
        public abstract class Module<T1, T2, T3, TResult> : HookableModule<Func<Module<T1, T2, T3, TResult>, T1, T2, T3, (T1, T2, T3)?>,
            Func<Module<T1, T2, T3, TResult>, T1, T2, T3, TResult, TResult>>
        {
            /// <summary>A module with a name for messages.</summary>
            protected Module(string name) : base(name)
            {
            }

            /// <summary>Computes the result. Use <see cref="call"/>, which also runs the hooks.</summary>
            public abstract TResult forward(T1 input1, T2 input2, T3 input3);

            /// <summary>Runs the hooks and forward().</summary>
            public TResult call(T1 input1, T2 input2, T3 input3)
            {
                foreach (var hook in Before)
                    (input1, input2, input3) = hook(this, input1, input2, input3) ?? (input1, input2, input3);
                TResult result = forward(input1, input2, input3);
                foreach (var hook in After) result = hook(this, input1, input2, input3, result) ?? result;
                return result;
            }
        }
    }
}

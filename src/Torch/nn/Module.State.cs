using System.Reflection;
using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public partial class Module
        {
            /// <summary>The parameters and persistent buffers by dotted name: the tensors themselves, not copies.</summary>
            public virtual Dictionary<string, Tensor> state_dict(Dictionary<string, Tensor>? destination = null, string? prefix = null)
            {
                destination ??= [];
                string start = string.IsNullOrEmpty(prefix) ? "" : prefix + ".";
                foreach ((string name, Parameter value) in named_parameters()) destination.TryAdd(start + name, value);
                foreach ((string name, Tensor value) in named_buffers(include_nonpersistent: false))
                    destination.TryAdd(start + name, value);
                foreach ((string name, Module module) in named_children()) module.state_dict(destination, start + name);
                return destination;
            }

            /// <summary>Copies tensors into the parameters and buffers of the same names.</summary>
            /// <param name="source">Tensors by dotted name.</param>
            /// <param name="strict">Whether missing or unexpected names are an error.</param>
            /// <param name="skip">Names to ignore.</param>
            /// <returns>The names that the module has and the source lacks, and the other way round.</returns>
            /// <exception cref="InvalidOperationException">Names differ and <paramref name="strict"/> is set.</exception>
            public virtual (IList<string> missing_keys, IList<string> unexpected_keyes) load_state_dict(Dictionary<string, Tensor> source,
                bool strict = true, IList<string>? skip = null)
            {
                skip ??= [];
                Dictionary<string, Tensor> own = state_dict();
                List<string> missing = [.. own.Keys.Where(k => !skip.Contains(k) && !source.ContainsKey(k))];
                List<string> unexpected = [.. source.Keys.Where(k => !skip.Contains(k) && !own.ContainsKey(k))];
                if (strict && missing.Count + unexpected.Count > 0)
                    throw new InvalidOperationException(
                        $"The state does not fit. Missing: {string.Join(", ", missing)}; unexpected: {string.Join(", ", unexpected)}.");
                using (no_grad())
                    foreach ((string name, Tensor value) in source)
                        if (!skip.Contains(name) && own.TryGetValue(name, out Tensor? target)) target.copy_(value);
                return (missing, unexpected);
            }

            /// <summary>Writes the state to a file in TorchSharp's format (.dat).</summary>
            public Module save(string location, IList<string>? skip = null)
            {
                using FileStream stream = File.Create(location);
                using var writer = new BinaryWriter(stream);
                return save(writer, skip);
            }

            /// <summary>Writes the state in TorchSharp's format.</summary>
            public Module save(BinaryWriter writer, IList<string>? skip = null)
            {
                save_state_dict(writer, state_dict(), skip);
                return this;
            }

            /// <summary>Writes the state in TorchSharp's format and closes the stream.</summary>
            public Module save(Stream stream, IList<string>? skip = null)
            {
                using var writer = new BinaryWriter(stream);
                return save(writer, skip);
            }

            /// <summary>Writes named tensors in TorchSharp's format: their number, then name, type, size and bytes of each.</summary>
            public static void save_state_dict(BinaryWriter writer, Dictionary<string, Tensor> sd, IList<string>? skip = null)
            {
                List<KeyValuePair<string, Tensor>> kept = [.. sd.Where(e => skip is null || !skip.Contains(e.Key))];
                TensorFormat.WriteNumber(writer, kept.Count);
                foreach ((string name, Tensor value) in kept)
                {
                    writer.Write(name);
                    value.Save(writer);
                }
            }

            /// <summary>Reads the state from a file in TorchSharp's format.</summary>
            public virtual Module load(string location, bool strict = true, IList<string>? skip = null, Dictionary<string,
                bool>? loadedParameters = null)
            {
                using FileStream stream = File.OpenRead(location);
                return load(stream, strict, skip, loadedParameters);
            }

            /// <summary>Reads the state in TorchSharp's format.</summary>
            /// <exception cref="ArgumentException">Names, sizes or types differ from the module's.</exception>
            public virtual Module load(BinaryReader reader, bool strict = true, IList<string>? skip = null, Dictionary<string,
                bool>? loadedParameters = null)
            {
                Dictionary<string, Tensor> own = state_dict();
                long count = TensorFormat.ReadNumber(reader);
                if (strict && count != own.Count)
                    throw new ArgumentException($"Mismatched state: the module has {own.Count} tensors, the file {count}.");
                for (long i = 0; i < count; i++)
                {
                    string name = reader.ReadString();
                    bool found = own.TryGetValue(name, out Tensor? target);
                    if (!found && strict) throw new ArgumentException($"Mismatched state: the module has no tensor '{name}'.");
                    if (found && skip?.Contains(name) != true) target!.Load(reader);
                    else TensorFormat.Skip(reader);
                    loadedParameters?.Add(name, found);
                }
                return this;
            }

            /// <summary>Reads the state in TorchSharp's format and closes the stream.</summary>
            public Module load(Stream stream, bool strict = true, IList<string>? skip = null, Dictionary<string,
                bool>? loadedParameters = null)
            {
                using var reader = new BinaryReader(stream);
                return load(reader, strict, skip, loadedParameters);
            }

            internal Module Move(Device? device, ScalarType? dtype, bool nonBlocking)
            {
                if (dtype is { } type && !torch.is_floating_point(type))
                    throw new ArgumentException($"Modules have floating-point parameters; {type} is not possible.");
                foreach (Module child in children()) child.Move(device, dtype, nonBlocking);
                for (int i = 0; i < _parameters.Count; i++)
                {
                    (string name, Parameter old) = _parameters[i];
                    if (Converted(old, device, dtype, nonBlocking) is not { } moved) continue;
                    var parameter = new Parameter(moved, old.requires_grad);
                    using (Tensor? grad = old.grad)
                    {
                        if (grad is not null)
                        {
                            using Tensor? movedGrad = Converted(grad, device, dtype, nonBlocking);
                            parameter.grad = movedGrad ?? grad;
                        }
                    }
                    parameter.DetachFromDisposeScope();
                    _parameters[i] = (name, parameter);
                    ReplaceField(old, parameter);
                }
                for (int i = 0; i < _buffers.Count; i++)
                {
                    (string name, Tensor old, bool persistent) = _buffers[i];
                    if (Converted(old, device, dtype, nonBlocking) is not { } moved) continue;
                    moved.DetachFromDisposeScope();
                    _buffers[i] = (name, moved, persistent);
                    ReplaceField(old, moved);
                }
                return this;
            }

            private static Tensor? Converted(Tensor value, Device? device, ScalarType? dtype, bool nonBlocking)
            {
                ScalarType type = dtype is { } wanted && value.is_floating_point() ? wanted : value.dtype;
                Device place = device ?? value.device;
                bool sameDevice = place.type == value.device_type && (place.index < 0 || place.index == value.device_index);
                if (type == value.dtype && sameDevice) return null;
                using (no_grad()) return value.to(type, place, non_blocking: nonBlocking);
            }

            private void ReplaceField(Tensor old, Tensor replacement)
            {
                foreach (FieldInfo field in ComponentFields())
                    if (ReferenceEquals(field.GetValue(this), old)) field.SetValue(this, replacement);
                old.Dispose();
            }
        }
    }
}

/// <summary>Moving modules between devices and element types. The module itself is changed and returned.</summary>
public static class ModuleExtensionMethods
{
    /// <summary>Converts the floating-point parameters and buffers.</summary>
    public static T to<T>(this T module, torch.ScalarType type, bool non_blocking = false) where T : torch.nn.Module
        => (T)module.Move(null, type, non_blocking);

    /// <summary>Moves and converts the parameters and buffers.</summary>
    public static T to<T>(this T module, torch.Device device, torch.ScalarType type, bool non_blocking = false) where T : torch.nn.Module
        => (T)module.Move(device, type, non_blocking);

    /// <summary>Moves the parameters and buffers.</summary>
    public static T to<T>(this T module, DeviceType deviceType, int deviceIndex = -1, bool non_blocking = false) where T : torch.nn.Module
        => (T)module.Move(new torch.Device(deviceType, deviceIndex), null, non_blocking);

    /// <summary>Moves the parameters and buffers.</summary>
    public static T to<T>(this T module, torch.Device device, bool non_blocking = false) where T : torch.nn.Module
        => (T)module.Move(device, null, non_blocking);

    /// <summary>Moves the parameters and buffers to the device with this description.</summary>
    public static T to<T>(this T module, string device, bool non_blocking = false) where T : torch.nn.Module
        => (T)module.Move(new torch.Device(device), null, non_blocking);

    /// <summary>Moves the parameters and buffers to the processor.</summary>
    public static T cpu<T>(this T module, bool non_blocking = false) where T : torch.nn.Module
        => (T)module.Move(torch.CPU, null, non_blocking);

    /// <summary>Moves the parameters and buffers to a GPU.</summary>
    public static T cuda<T>(this T module, int deviceIndex = -1, bool non_blocking = false) where T : torch.nn.Module
        => (T)module.Move(new torch.Device(DeviceType.CUDA, deviceIndex), null, non_blocking);
}

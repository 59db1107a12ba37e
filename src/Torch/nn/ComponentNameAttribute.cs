namespace TorchSharp.Utils;

/// <summary>Gives a module, parameter or buffer in a field another name than the field's.</summary>
[AttributeUsage(AttributeTargets.Field)]
public class ComponentNameAttribute : Attribute
{
    /// <summary>The name in state_dict().</summary>
    public string Name { get; set; } = "";
}

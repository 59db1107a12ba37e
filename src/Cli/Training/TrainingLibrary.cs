using EdgeVit.Quantize;

namespace EdgeVit.Cli.Training;

/// <summary>What this machine trains with.</summary>
internal static class TrainingLibrary
{
    /// <summary>Loads the library as a conversion does.</summary>
    /// <returns>Whether it can be used, and one line that says which it is or why not.</returns>
    public static (bool Works, string Text) Describe()
    {
        try
        {
            return (true, LibTorch.Load());
        }
        catch (ConvertException e)
        {
            return (false, e.Message);
        }
    }
}

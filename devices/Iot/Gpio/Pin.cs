namespace EdgeVit.Devices.Iot;

/// <summary>What opening a pin fails with.</summary>
internal static class Pin
{
    /// <exception cref="DeviceException">The pin is in use or not there: drivers throw many kinds.</exception>
    public static void Take(int pin, Action open)
    {
        try
        {
            open();
        }
        catch (Exception e) when (e is not DeviceException)
        {
            throw new DeviceException($"pin {pin} cannot be used, is it in use by something else? {e.Message}", e);
        }
    }
}

using TorchSharp;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>A rectangle of an image in pixels; none where its height is 0.</summary>
internal readonly record struct Window(int Top, int Left, int Height, int Width)
{
    internal bool IsEmpty => Height == 0;
}

/// <summary>How one image of a batch varies.</summary>
/// <param name="Dx">Columns by which it is shifted.</param>
/// <param name="Erased">What is erased of it afterwards.</param>
internal readonly record struct ImageChange(int Dx, int Dy, bool Mirror, Window Erased);

/// <summary>A batch as what was drawn for it; its pixels are made on the device when they are needed.</summary>
internal sealed record DrawnBatch(DeviceImages Source, ImageChange[] Changes, Mixture Mixture);

/// <summary>All pixels of a data set on the device of the training, where batches are cut, mirrored, normalised, erased and mixed by tensor operations: a GPU
/// then need not wait for the processor. The batches are those of <see cref="BatchLoader"/> on the processor, number for number.</summary>
internal sealed class DeviceImages : IDisposable
{
    private const int Levels = 256;

    private readonly Tensor _pixels;      // [N*H*W, 3] bytes
    private readonly Tensor _table;       // [3*256], the normalised value of each channel's levels
    private readonly Tensor _channels;    // [3], where each channel's part of the table begins
    private readonly Device _device;
    private readonly int _height;
    private readonly int _width;

    /// <summary>Copies a data set that is kept to a device.</summary>
    public DeviceImages(PixelSource source, Device device)
    {
        byte[] pixels = source.ToArray() ?? throw new ArgumentException("its images are decoded on demand", nameof(source));
        (_height, _width, _device) = (source.Preprocess.Height, source.Preprocess.Width, device);
        using DisposeScope scope = torch.NewDisposeScope();
        _pixels = torch.tensor(pixels).view(-1, 3).to(device).DetachFromDisposeScope();
        _table = torch.tensor(new PixelWriter(source.Preprocess).Table).to(device).DetachFromDisposeScope();
        _channels = torch.tensor(new int[] { 0, Levels, 2 * Levels }).to(device).DetachFromDisposeScope();
    }

    /// <summary>The data set on the device, if that is asked for, or, with <c>auto</c>, if it pays and can be done; null where batches are
    /// made on the processor.</summary>
    /// <param name="place">One of the three names.</param>
    /// <param name="progress">Receives the reason where it is not done.</param>
    /// <exception cref="ConvertException">It is asked for and cannot be done.</exception>
    internal static DeviceImages? For(string place, PixelSource source, Augmentation augmentation, Device device, IConvertProgress progress)
    {
        if (place == ConvertOptions.Processor || (place == ConvertOptions.Auto && device.type != DeviceType.CUDA))
        {
            return null;
        }

        string? obstacle = !augmentation.KeepsContent ? "--random-crop and --rand-augment are computed on the processor"
            : !source.IsKept ? "the images do not fit into memory and are decoded on demand" : null;
        try
        {
            if (obstacle is null)
            {
                return new DeviceImages(source, device);
            }
        }
        catch (Exception e) when (OutOfMemory.Is(e))
        {
            obstacle = $"the device has no memory for the images ({e.Message.Split('\n')[0]})";
        }
        if (place == ConvertOptions.OnDevice)
        {
            throw new ConvertException($"--augment-on device: {obstacle}. Leave it out, or change that.", ConvertException.Usage);
        }

        progress.Report(new Note($"training images vary on the processor: {obstacle}"));
        return null;
    }

    /// <summary>The images <c>[B, 3, H, W]</c> of a batch.</summary>
    internal Tensor Images(int[] indices, ImageChange[] changes, Mixture mixture)
    {
        int count = indices.Length;
        Tensor places = ToDevice(torch.tensor(Places(indices, changes), [count, _height + _width]));
        Tensor pixels = places.narrow(1, 0, _height).unsqueeze(2).add(places.narrow(1, _height, _width).unsqueeze(1), One);
        Tensor levels = _pixels.index_select(0, pixels.view(-1));
        Tensor values = _table.index_select(0, levels.to(ScalarType.Int32).add(_channels, One).view(-1));
        Tensor images = values.view(count, _height, _width, 3).permute(0, 3, 1, 2).contiguous();
        if (changes.Any(c => !c.Erased.IsEmpty))
        {
            images = images.masked_fill(Erased(changes), Zero);
        }

        return mixture.Apply(images);
    }

    public void Dispose()
    {
        _pixels.Dispose();
        _table.Dispose();
        _channels.Dispose();
    }

    /// <summary>For each image the number of the first pixel of the row that each of its rows shows, then the column that each column shows.</summary>
    private int[] Places(int[] indices, ImageChange[] changes)
    {
        int[] places = new int[indices.Length * (_height + _width)];
        int at = 0;
        for (int i = 0; i < indices.Length; i++)
        {
            ImageChange change = changes[i];
            for (int y = 0; y < _height; y++)
            {
                places[at++] = ((indices[i] * _height) + PixelWriter.Reflect(y + change.Dy, _height)) * _width;
            }

            for (int x = 0; x < _width; x++)
            {
                places[at++] = PixelWriter.Reflect((change.Mirror ? _width - 1 - x : x) + change.Dx, _width);
            }
        }
        return places;
    }

    /// <summary>Which pixels are erased, <c>[B, 1, H, W]</c>.</summary>
    private Tensor Erased(ImageChange[] changes)
    {
        int length = _height + _width;
        byte[] inside = new byte[changes.Length * length];
        for (int i = 0; i < changes.Length; i++)
        {
            Window window = changes[i].Erased;
            inside.AsSpan((i * length) + window.Top, window.Height).Fill(1);
            inside.AsSpan((i * length) + _height + window.Left, window.Width).Fill(1);
        }
        Tensor both = ToDevice(torch.tensor(inside, [changes.Length, 1, length]));
        return (both.narrow(2, 0, _height).unsqueeze(3) * both.narrow(2, _height, _width).unsqueeze(2)).to(ScalarType.Bool);
    }

    private Tensor ToDevice(Tensor host) => _device.type == DeviceType.CPU ? host : host.to(_device);
}

using System.Globalization;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

// Classifies a picture and prints the logits to the last bit:  Consumer MODEL PICTURE
if (args is not [string modelPath, string picturePath])
{
    Console.Error.WriteLine("usage: Consumer MODEL PICTURE");
    return 2;
}

if (!File.Exists(picturePath))
{
    File.WriteAllBytes(picturePath, Picture.Png(96, 64));
}

using EvitModel model = EvitModel.Open(modelPath);
using Session session = model.CreateSession(new SessionOptions { Threads = 2 });
var pipeline = new PreprocessPipeline(model.Preprocess);
byte[] pixels = new byte[pipeline.Length];
float[] logits = new float[model.Classes];
pipeline.ToPixels(ImageDecoder.DecodeFile(picturePath), pixels);
session.RunNhwc(pixels, logits);

for (int i = 0; i < logits.Length; i++)
{
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{BitConverter.SingleToUInt32Bits(logits[i]):x8} {logits[i],10:F5} {model.Labels[i]}"));
}

Console.WriteLine($"top: {model.Labels[Array.IndexOf(logits, logits.Max())]}");
return 0;

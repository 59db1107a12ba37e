using System.Security.Cryptography;

namespace EdgeVit.Imaging.Tests;

public class ShapesTests
{
    private static readonly ShapesDataset s_train = new(seed: 1, ShapesSplit.Train, 2000);
    private static readonly ShapesDataset s_test = new(seed: 1, ShapesSplit.Test, 1000);

    [Fact]
    public void TheFirstHundredImagesAreTheSameOnEveryMachine()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int i = 0; i < 100; i++)
        {
            hash.AppendData(s_train.Load(i).Pixels);
        }

        Assert.Equal("EBB9196315B5F7921D48AF33B756063C954CB4F8F818579ACD3962CCF43F7149", Convert.ToHexString(hash.GetHashAndReset()));
    }

    [Fact]
    public void AnImageDependsOnSeedSplitAndIndexAndOnNothingElse()
    {
        byte[] image = s_train.Load(123).Pixels;
        Assert.Equal(image, new ShapesDataset(1, ShapesSplit.Train, 200).Load(123).Pixels);
        Assert.NotEqual(image, s_test.Load(123).Pixels);
        Assert.NotEqual(image, new ShapesDataset(2, ShapesSplit.Train, 200).Load(123).Pixels);
        Assert.NotEqual(image, s_train.Load(133).Pixels);
    }

    [Fact]
    public void SplitsHaveThePromisedSizesAndAreBalanced()
    {
        DatasetSplits splits = DatasetFolder.Open("shapes");
        Assert.Equal("shapes", splits.Kind);
        Assert.Equal("10 classes, 10,000 images, 1,000 each", ClassBalance.Summary(splits.Train));
        Assert.Equal("10 classes, 2,000 images, 200 each", ClassBalance.Summary(splits.Test!));
    }

    [Fact]
    public void AnIndexOutsideOfTheSetIsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => s_train.Load(2000));
        Assert.Throws<ArgumentOutOfRangeException>(() => s_train.Label(-1));
    }

    /// <summary>Softmax regression on raw pixels, by plain gradient descent, must not get far: the set asks for more than templates.</summary>
    [Fact]
    public void ALinearClassifierStaysBelowHalf()
    {
        const int Classes = 10, Inputs = 3 * ShapesDataset.Side * ShapesDataset.Side, Epochs = 12;
        float[][] train = [.. Enumerable.Range(0, s_train.Count).Select(i => Input(s_train, i))];
        float[][] weights = [.. Enumerable.Range(0, Classes).Select(_ => new float[Inputs])];
        var random = new Random(5);
        for (int step = 0; step < Epochs * train.Length; step++)
        {
            int i = random.Next(train.Length);
            double[] scores = [.. weights.Select(w => (double)System.Numerics.Tensors.TensorPrimitives.Dot(w, train[i]))];
            double top = scores.Max(), sum = scores.Sum(s => Math.Exp(s - top));
            for (int c = 0; c < Classes; c++)
            {
                float gradient = (float)(Math.Exp(scores[c] - top) / sum - (c == s_train.Label(i) ? 1 : 0));
                System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(train[i], -0.001f * gradient, weights[c], weights[c]);
            }
        }
        double trained = Accuracy(s_train, weights), tested = Accuracy(s_test, weights);
        Assert.True(trained > 0.15, $"the classifier did not learn at all: {trained:P1} on what it was trained with");
        Assert.InRange(tested, 0.05, 0.5);
    }

    private static double Accuracy(ShapesDataset set, float[][] weights)
    {
        int right = 0;
        for (int i = 0; i < set.Count; i++)
        {
            float[] input = Input(set, i);
            float[] scores = [.. weights.Select(w => System.Numerics.Tensors.TensorPrimitives.Dot(w, input))];
            right += Array.IndexOf(scores, scores.Max()) == set.Label(i) ? 1 : 0;
        }
        return (double)right / set.Count;
    }

    private static float[] Input(ShapesDataset set, int index) => [.. set.Load(index).Pixels.Select(p => p / 127.5f - 1)];
}

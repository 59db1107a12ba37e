// A training loop of binaryvit-32 written by hand against libtorch's C++ interface: what a step of convert is measured against. The network
// is that of src/Quantize (three stages, reduction 4, 2, 1, pool branches, RPReLU, batch norm of tokens, binary weights, activations and
// attention), the loss cross-entropy, the optimizer AdamW with clipped gradients, batches of random images. Written as such code usually is:
// tensor operations, with autograd functions of its own where signs need their gradients.
//
//   torch_loop [batch] [steps] [threads]     prints the milliseconds of every step
#include <torch/torch.h>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// sign(x + shift) with sign(0) = +1; backward 2 - 2|u| within [-1, 1].
struct ShiftSign : Function<ShiftSign> {
  static Tensor forward(AutogradContext* ctx, Tensor x, Tensor shift) {
    Tensor u = x + shift;
    ctx->save_for_backward({u});
    return u.sign().add_(0.5).sign_();
  }
  static variable_list backward(AutogradContext* ctx, variable_list g) {
    Tensor u = ctx->get_saved_variables()[0];
    Tensor gradient = u.abs().mul_(-2).add_(2).clamp_min_(0).mul_(g[0]);
    return {gradient, gradient.sum(0)};
  }
};

// mean|w| * sign(w - mean); straight through within [-1, 1].
struct WeightSign : Function<WeightSign> {
  static Tensor forward(AutogradContext* ctx, Tensor w, bool centred) {
    Tensor u = centred ? w - w.mean(1, true) : w;
    ctx->save_for_backward({u});
    ctx->saved_data["centred"] = centred;
    return u.sign().add_(0.5).sign_().mul_(w.abs().mean(1, true));
  }
  static variable_list backward(AutogradContext* ctx, variable_list g) {
    Tensor u = ctx->get_saved_variables()[0];
    Tensor gradient = u.abs().le(1).to(torch::kFloat).mul_(g[0]);
    if (ctx->saved_data["centred"].toBool()) gradient = gradient - gradient.mean(1, true);
    return {gradient, Tensor()};
  }
};

// {0, clip}: clip where p / clip > 0.5.
struct AttentionBits : Function<AttentionBits> {
  static Tensor forward(AutogradContext* ctx, Tensor p, Tensor clip) {
    Tensor c = clip.view({1, -1, 1, 1}), q = p / c;
    ctx->save_for_backward({q});
    return (q - 0.5).sign_().clamp_min_(0).mul_(c);
  }
  static variable_list backward(AutogradContext* ctx, variable_list g) {
    Tensor q = ctx->get_saved_variables()[0];
    Tensor inside = (q - 1).sign_().clamp_min_(0).neg_().add_(1);
    Tensor by_clip = ((q - 0.5).sign_().clamp_min_(0) - q).sub_(1).mul_(inside).add_(1).mul_(g[0]);
    return {inside * g[0], by_clip.sum({0, 2, 3})};
  }
};

struct Stage { int64_t depth, width, ffn, heads, reduction; };

struct NormImpl : torch::nn::Module {
  Tensor weight, bias, mean, variance;
  explicit NormImpl(int64_t c) {
    weight = register_parameter("weight", torch::ones(c));
    bias = register_parameter("bias", torch::zeros(c));
    mean = register_buffer("mean", torch::zeros(c));
    variance = register_buffer("variance", torch::ones(c));
  }
  Tensor forward(Tensor x) { return torch::batch_norm(x, weight, bias, mean, variance, true, 0.1, 1e-5, false); }
};
TORCH_MODULE(Norm);

struct RPReLUImpl : torch::nn::Module {
  Tensor before, slope, after;
  explicit RPReLUImpl(int64_t c) {
    before = register_parameter("move1", torch::zeros(c));
    slope = register_parameter("slope", torch::full({c}, 0.25));
    after = register_parameter("move2", torch::zeros(c));
  }
  Tensor forward(Tensor x) { return torch::prelu(x - before, slope) + after; }
};
TORCH_MODULE(RPReLU);

struct ScaleImpl : torch::nn::Module {
  Tensor alpha, move;
  ScaleImpl(int64_t c, double start) {
    alpha = register_parameter("alpha", torch::full({c}, start));
    move = register_parameter("move", torch::zeros(c));
  }
  Tensor forward(Tensor x) { return x * alpha + move; }
};
TORCH_MODULE(Scale);

static Tensor latent(std::vector<int64_t> shape) {
  int64_t fan = 1;
  for (size_t i = 1; i < shape.size(); i++) fan *= shape[i];
  return torch::empty(shape).uniform_(-1 / std::sqrt((double)fan), 1 / std::sqrt((double)fan));
}

// RPReLU(norm(linear(sign(x + move), sign(w))) + shortcut).
struct BranchImpl : torch::nn::Module {
  Tensor move, weight;
  Norm norm{nullptr};
  RPReLU activation{nullptr};
  BranchImpl(int64_t in, int64_t out) {
    move = register_parameter("move", torch::zeros(in));
    weight = register_parameter("weight", latent({out, in}));
    norm = register_module("norm", Norm(out));
    activation = register_module("rprelu", RPReLU(out));
  }
  Tensor forward(Tensor x, Tensor shortcut) {
    return activation(norm(torch::linear(ShiftSign::apply(x, move), WeightSign::apply(weight, true))) + shortcut);
  }
};
TORCH_MODULE(Branch);

static Tensor image(Tensor tokens, int64_t batch, int64_t side) { return tokens.view({batch, side, side, -1}).permute({0, 3, 1, 2}); }
static Tensor tokens_of(Tensor image) { return image.permute({0, 2, 3, 1}).reshape({-1, image.size(1)}); }
static Tensor pool(Tensor tokens, int64_t batch, int64_t side, int64_t h, int64_t w, int64_t stride, int64_t ph, int64_t pw) {
  return tokens_of(torch::avg_pool2d(image(tokens, batch, side), {h, w}, {stride, stride}, {ph, pw}));
}

struct LayerImpl : torch::nn::Module {
  Stage s;
  Norm before{nullptr}, after{nullptr}, context_norm{nullptr};
  Branch query{nullptr}, key{nullptr}, value{nullptr}, reduction{nullptr}, projection{nullptr}, first{nullptr}, second{nullptr};
  Tensor moveq, movek, movev, clip_log;
  RPReLU context_activation{nullptr};
  Scale attention_scale{nullptr}, ffn_scale{nullptr}, h3{nullptr}, w3{nullptr}, h5{nullptr}, w5{nullptr};

  LayerImpl(Stage stage, int64_t keys) : s(stage) {
    int64_t c = s.width;
    before = register_module("before", Norm(c));
    after = register_module("after", Norm(c));
    context_norm = register_module("context_norm", Norm(c));
    query = register_module("query", Branch(c, c));
    key = register_module("key", Branch(c, c));
    value = register_module("value", Branch(c, c));
    if (s.reduction > 1) reduction = register_module("reduction", Branch(c, c));
    projection = register_module("projection", Branch(c, c));
    first = register_module("first", Branch(c, s.ffn));
    second = register_module("second", Branch(s.ffn, c));
    moveq = register_parameter("moveq2", torch::zeros(c));
    movek = register_parameter("movek2", torch::zeros(c));
    movev = register_parameter("movev2", torch::zeros(c));
    clip_log = register_parameter("clip_log", torch::full({s.heads}, std::log(3.0 / (double)keys)));
    context_activation = register_module("context_rprelu", RPReLU(c));
    attention_scale = register_module("attention_scale", Scale(c, 0.1));
    ffn_scale = register_module("ffn_scale", Scale(c, 0.1));
    h3 = register_module("h3", Scale(c, 0.0));
    w3 = register_module("w3", Scale(c, 0.0));
    h5 = register_module("h5", Scale(c, 0.0));
    w5 = register_module("w5", Scale(c, 0.0));
  }

  Tensor heads(Tensor tokens, int64_t batch) { return tokens.view({batch, -1, s.heads, s.width / s.heads}).transpose(1, 2); }

  Tensor upsample(Tensor tokens, int64_t batch, int64_t side) {
    int64_t k = side / s.reduction, r = s.reduction;
    return tokens.view({batch, k, 1, k, 1, s.width}).expand({batch, k, r, k, r, s.width}).reshape({-1, s.width});
  }

  Tensor forward(Tensor x, int64_t batch, int64_t side) {
    Tensor a = before(x), r = a;
    if (s.reduction > 1) {
      Tensor pooled = pool(a, batch, side, s.reduction, s.reduction, s.reduction, 0, 0);
      r = reduction(pooled, pooled);
    }
    Tensor q = query(a, a), k = key(r, r), v = value(r, r);
    Tensor qs = heads(ShiftSign::apply(q, moveq), batch), ks = heads(ShiftSign::apply(k, movek), batch), vs = heads(ShiftSign::apply(v, movev), batch);
    Tensor scores = torch::matmul(qs, ks.transpose(2, 3)) / std::sqrt((double)(s.width / s.heads));
    Tensor bits = AttentionBits::apply(scores.softmax(-1), clip_log.exp());
    Tensor context = torch::matmul(bits, vs).transpose(1, 2).reshape({-1, s.width});
    Tensor shortcut = s.reduction == 1 ? q + k + v : q + upsample(k + v, batch, side);
    Tensor y = context_activation(context_norm(context) + shortcut);
    Tensor x1 = x + attention_scale(projection(y, y));

    Tensor b = after(x1);
    int64_t e = s.ffn / s.width, rows = b.size(0);
    Tensor f = first(b, b.repeat({1, e}));
    Tensor g = second(f, f.view({rows, s.width, e}).mean(2));
    return x1 + ffn_scale(g) + h3(pool(b, batch, side, 3, 1, 1, 1, 0)) + w3(pool(b, batch, side, 1, 3, 1, 0, 1)) + h5(pool(b, batch, side, 5, 1, 1, 2, 0)) +
           w5(pool(b, batch, side, 1, 5, 1, 0, 2));
  }
};
TORCH_MODULE(Layer);

struct DownImpl : torch::nn::Module {
  Norm before{nullptr}, norm{nullptr};
  Tensor move, weight, positions;
  RPReLU activation{nullptr};
  DownImpl(int64_t in, int64_t out, int64_t tokens) {
    before = register_module("before", Norm(in));
    norm = register_module("norm", Norm(out));
    move = register_parameter("move", torch::zeros(in));
    weight = register_parameter("weight", latent({out, in, 2, 2}));
    positions = register_parameter("positions", torch::randn({1, tokens, out}) * 0.02);
    activation = register_module("rprelu", RPReLU(out));
  }
  Tensor forward(Tensor x, int64_t batch, int64_t side) {
    int64_t half = side / 2;
    Tensor z = before(x);
    Tensor windows = ShiftSign::apply(z, move).view({batch, half, 2, half, 2, -1}).permute({0, 1, 3, 2, 4, 5}).reshape({batch * half * half, -1});
    Tensor w = weight.permute({0, 2, 3, 1}).reshape({weight.size(0), -1});
    Tensor y = activation(norm(torch::linear(windows, WeightSign::apply(w, false))) + pool(z, batch, side, 2, 2, 2, 0, 0).repeat({1, 2}));
    return (y.view({batch, half * half, -1}) + positions).view({batch * half * half, -1});
  }
};
TORCH_MODULE(Down);

struct NetImpl : torch::nn::Module {
  std::vector<Stage> stages{{3, 64, 512, 1, 4}, {4, 128, 1024, 2, 2}, {8, 256, 1024, 4, 1}};
  torch::nn::Linear patches{nullptr}, classifier{nullptr};
  Norm embedding_norm{nullptr}, last{nullptr};
  Tensor positions;
  std::vector<std::vector<Layer>> layers;
  std::vector<Down> downs;

  NetImpl() {
    patches = register_module("patches", torch::nn::Linear(12, 64));
    embedding_norm = register_module("embedding_norm", Norm(64));
    positions = register_parameter("positions", torch::randn({1, 256, 64}) * 0.02);
    int64_t side = 16;
    for (size_t i = 0; i < stages.size(); i++) {
      if (i > 0) {
        side /= 2;
        downs.push_back(register_module("down" + std::to_string(i), Down(stages[i - 1].width, stages[i].width, side * side)));
      }
      int64_t keys = (side / stages[i].reduction) * (side / stages[i].reduction);
      layers.emplace_back();
      for (int64_t l = 0; l < stages[i].depth; l++)
        layers.back().push_back(register_module("layer" + std::to_string(i) + "_" + std::to_string(l), Layer(stages[i], keys)));
    }
    last = register_module("last", Norm(256));
    classifier = register_module("classifier", torch::nn::Linear(256, 10));
  }

  Tensor forward(Tensor images) {
    int64_t batch = images.size(0), side = 16;
    Tensor rows = images.view({batch, 3, 16, 2, 16, 2}).permute({0, 2, 4, 1, 3, 5}).reshape({batch * 256, 12});
    Tensor x = embedding_norm(patches(rows));
    x = (x.view({batch, 256, 64}) + positions).view({batch * 256, 64});
    for (size_t i = 0; i < stages.size(); i++) {
      if (i > 0) {
        x = downs[i - 1](x, batch, side);
        side /= 2;
      }
      for (auto& layer : layers[i]) x = layer(x, batch, side);
    }
    return classifier(last(x).view({batch, side * side, -1}).mean(1));
  }
};
TORCH_MODULE(Net);

int main(int argc, char** argv) {
  const int64_t batch = argc > 1 ? std::atoll(argv[1]) : 128;
  const int steps = argc > 2 ? std::atoi(argv[2]) : 10;
  torch::set_num_threads(argc > 3 ? std::atoi(argv[3]) : 1);
  torch::manual_seed(1);
  Net net;
  net->train();
  int64_t parameters = 0;
  for (auto& p : net->parameters()) parameters += p.numel();
  std::fprintf(stderr, "%lld parameters\n", (long long)parameters);
  torch::optim::AdamW optimizer(net->parameters(), torch::optim::AdamWOptions(1e-3).weight_decay(0));
  for (int i = 0; i < steps; i++) {
    Tensor images = torch::randn({batch, 3, 32, 32}), labels = torch::randint(10, {batch}, torch::kLong);
    auto start = std::chrono::steady_clock::now();
    optimizer.zero_grad();
    Tensor loss = torch::cross_entropy_loss(net(images), labels);
    loss.backward();
    torch::nn::utils::clip_grad_norm_(net->parameters(), 5.0);
    optimizer.step();
    volatile float value = loss.item<float>();
    (void)value;
    std::printf("%.1f\n", std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    std::fflush(stdout);
  }
}

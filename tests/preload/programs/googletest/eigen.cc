// Expression templates: much memory for the compiler.
#include <Eigen/Dense>
#include <Eigen/Sparse>

double solved(int size)
{
    Eigen::MatrixXd matrix(size, size);
    for (int row = 0; row < size; row++) {
        for (int column = 0; column < size; column++)
            matrix(row, column) = (row * 31 + column * 17) % 23 + (row == column ? 50 : 0);
    }
    Eigen::VectorXd right = Eigen::VectorXd::LinSpaced(size, 1, size);
    Eigen::VectorXd left = matrix.partialPivLu().solve(right);
    Eigen::SparseMatrix<double> sparse = matrix.sparseView(10.0, 1.0);
    return (matrix * left - right).norm() + static_cast<double>(sparse.nonZeros()) +
           matrix.transpose().colPivHouseholderQr().solve(right).sum();
}

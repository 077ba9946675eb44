#include "services/process/shutdown.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

namespace marginalia {
namespace {

TEST(ShutdownTest, ATermSignalEndsTheWaitWithSuccess) {
  Shutdown shutdown;
  std::thread sender([] { kill(getpid(), SIGTERM); });
  EXPECT_EQ(shutdown.Wait(), 0);
  sender.join();
  EXPECT_FALSE(shutdown.failed());
}

TEST(ShutdownTest, AnInterruptEndsTheWaitWithSuccess) {
  Shutdown shutdown;
  kill(getpid(), SIGINT);
  EXPECT_EQ(shutdown.Wait(), 0);
}

TEST(ShutdownTest, AFailureEndsTheWaitWithOne) {
  Shutdown shutdown;
  std::thread failing([&shutdown] { shutdown.Fail("the disk is gone"); });
  EXPECT_EQ(shutdown.Wait(), 1);
  failing.join();
  EXPECT_TRUE(shutdown.failed());
}

TEST(ShutdownTest, AFailureBeforeTheWaitIsNotLost) {
  Shutdown shutdown;
  shutdown.Fail("first");
  shutdown.Fail("second");
  EXPECT_EQ(shutdown.Wait(), 1);
}

TEST(ShutdownTest, AFailureAfterTheWaitIsStillSeen) {
  Shutdown shutdown;
  kill(getpid(), SIGTERM);
  EXPECT_EQ(shutdown.Wait(), 0);
  shutdown.Fail("while draining");
  EXPECT_TRUE(shutdown.failed());
}

}  // namespace
}  // namespace marginalia
